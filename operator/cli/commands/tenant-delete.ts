import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command } from '../command.js';
import { usageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { follow, readTenantName, readTimeout, refOf, requireTenant } from '../tenants/tenant.js';

const CONSEQUENCES: Readonly<Record<MemoryTenant['spec']['deletionPolicy'], string>> = {
  Retain: 'its workloads go; data and keys stay and can be re-attached',
  Archive: 'a last backup is made, then its data is deleted',
  Erase: 'its keys are destroyed and its data is deleted; nobody brings it back after the grace',
};

export const tenantDelete: Command = {
  about: 'What happens to its data is its own spec.deletionPolicy (Retain unless it says otherwise).',
  parameters: [{ name: 'NAME', summary: 'the tenant' }],
  flags: [
    { name: 'yes', summary: 'do it; without it, only say what would happen' },
    { name: 'no-wait', summary: 'do not wait until it is gone' },
    { name: 'timeout', value: 'DURATION', summary: 'how long to wait (5m)' },
    KUBECONFIG,
  ],
  exits: [
    [EXIT.no, 'there is no such tenant, it is protected, or it is not gone in time'],
    [EXIT.usage, 'the command line is wrong, or --yes is missing'],
  ],
  examples: ['memoryctl tenant delete acme', 'memoryctl tenant delete acme --yes'],
  run: async (input, terminal) => {
    const name = readTenantName(input);
    const deadlineMs = readTimeout(input.value('timeout') ?? '5m');
    return await withCluster(input, terminal, async (kube) => {
      const { spec, metadata } = await requireTenant(kube, name);
      const consequence = `${spec.deletionPolicy}: ${CONSEQUENCES[spec.deletionPolicy]}`;
      if (!input.isSet('yes')) throw usageError(`deleting ${name} needs --yes`, `deletionPolicy ${consequence}`);
      terminal.note(`deleting ${name}; ${consequence}`);
      // The one that was looked at: another of the same name may have come in between.
      await kube.delete(refOf(name), { uid: metadata.uid }, terminal.signal);
      if (!input.isSet('no-wait')) {
        const { signal, note } = terminal;
        const settled = (tenant: MemoryTenant | undefined): boolean => tenant?.metadata.uid !== metadata.uid;
        await follow(kube, name, { deadlineMs, signal, note, settled });
      }
      const { deletionPolicy } = spec;
      terminal.out(terminal.json ? `${JSON.stringify({ deleted: name, deletionPolicy })}\n` : `${name} is deleted\n`);
      return EXIT.ok;
    });
  },
};
