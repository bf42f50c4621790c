import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import { memoryTenant } from '../../api/v1alpha1/schema/memory-tenant.js';
import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../table.js';
import { cellOf } from '../tenants/columns.js';

export const tenantList: Command = {
  about: 'One line a tenant, with the columns of "kubectl get memorytenants".',
  parameters: [],
  flags: [
    { name: 'wide', summary: 'more columns' },
    { name: 'selector', value: 'LABELS', summary: 'only tenants with these labels, such as team=search' },
    KUBECONFIG,
  ],
  examples: ['memoryctl tenant list', "memoryctl tenant list --json | jq -r '.items[].metadata.name'"],
  run: (input, terminal) =>
    withCluster(input, terminal, async (kube) => {
      const labelSelector = input.value('selector');
      const options = labelSelector === undefined ? {} : { labelSelector };
      const { items } = await kube.list<MemoryTenant>(MEMORY_TENANTS, options, terminal.signal);
      if (terminal.json) {
        terminal.out(`${JSON.stringify({ items }, null, 2)}\n`);
        return EXIT.ok;
      }
      if (items.length === 0) terminal.note('there are no tenants; "memoryctl tenant create NAME" makes one');
      const columns = memoryTenant.columns.filter(({ wide }) => wide !== true || input.isSet('wide'));
      const now = Date.now();
      const rows = items.map((item) => [item.metadata.name, ...columns.map((column) => cellOf(column, item, now))]);
      if (items.length > 0) terminal.out(renderTable(['NAME', ...columns.map(({ name }) => name.toUpperCase())], rows));
      return EXIT.ok;
    }),
};
