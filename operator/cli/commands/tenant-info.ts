import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../table.js';
import { accessOf, conditionsOf, readTenantName, requireTenant } from '../tenants/tenant.js';

export const tenantInfo: Command = {
  about: 'Where it answers, where it is placed, what it runs and what each part of it says.',
  parameters: [{ name: 'NAME', summary: 'the tenant' }],
  flags: [KUBECONFIG],
  exits: [[EXIT.no, 'there is no such tenant']],
  examples: ['memoryctl tenant info acme', 'memoryctl tenant info acme --json'],
  run: async (input, terminal) => {
    const name = readTenantName(input);
    return await withCluster(input, terminal, async (kube) => {
      const tenant = await requireTenant(kube, name);
      if (terminal.json) {
        terminal.out(
          `${JSON.stringify({ ...accessOf(tenant), spec: tenant.spec, status: tenant.status ?? {} }, null, 2)}\n`,
        );
        return EXIT.ok;
      }
      const { status, spec, metadata } = tenant;
      const { api_key_secret: secret } = accessOf(tenant);
      const facts: readonly (readonly [string, string | undefined])[] = [
        ['name', metadata.name],
        ['id', status?.tenantID],
        ['endpoint', status?.endpoint],
        ['first key', `Secret ${secret.namespace}/${secret.name}, key ${secret.key}`],
        ['version', status?.version],
        ['tier', status?.placement?.tier ?? spec.tier],
        ['plane', spec.planeRef.name],
        ['database', status?.placement?.database],
        ['class', status?.effective?.class],
        ['deletion', spec.deletionPolicy],
      ];
      for (const [label, value] of facts) terminal.out(`${label.padEnd(12)}${value ?? '–'}\n`);
      const rows = conditionsOf(tenant).map(({ type, status: is, reason, message }) => [type, is, reason, message]);
      if (rows.length > 0) terminal.out(`\n${renderTable(['CONDITION', 'STATUS', 'REASON', 'MESSAGE'], rows)}`);
      return EXIT.ok;
    });
  },
};
