import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../table.js';
import { readTenantName, requireTenant } from '../tenants/tenant.js';

export const tenantStats: Command = {
  about: 'What it uses beside what it may use, as the operator last saw it (status.usage, at most five minutes old).',
  parameters: [{ name: 'NAME', summary: 'the tenant' }],
  flags: [KUBECONFIG],
  exits: [[EXIT.no, 'there is no such tenant']],
  examples: ['memoryctl tenant stats acme'],
  run: async (input, terminal) => {
    const name = readTenantName(input);
    return await withCluster(input, terminal, async (kube) => {
      const { status, spec } = await requireTenant(kube, name);
      const usage = status?.usage;
      const { memories, memoriesPerUser, storage, tokensPerDay } = spec.quotas;
      if (terminal.json) {
        terminal.out(`${JSON.stringify({ usage: usage ?? null, quotas: spec.quotas }, null, 2)}\n`);
        return EXIT.ok;
      }
      if (usage === undefined) terminal.note('nothing is known of its use yet: the operator has not looked');
      const shown = (value: string | number | undefined): string => (value === undefined ? '–' : String(value));
      const rows = [
        ['memories', shown(usage?.memories), shown(memories)],
        ['memories a user', '–', shown(memoriesPerUser)],
        ['vectors', shown(usage?.vectors), '–'],
        ['storage', shown(usage?.storageBytes), shown(storage)],
        ['tokens today', shown(usage?.tokensToday), shown(tokensPerDay)],
      ];
      terminal.out(renderTable(['WHAT', 'USED', 'QUOTA'], rows));
      if (usage?.observedTime !== undefined) terminal.note(`seen ${usage.observedTime}`);
      return EXIT.ok;
    });
  },
};
