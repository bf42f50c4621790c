import { dictsAt, numberAt, stringAt } from './objects.js';
import type { ServiceUse } from './resources/services.js';
import type { Storage } from './storage.js';

/** Which service addresses and node ports are taken, kept up to date by the storage itself. */
export function serviceUse(storage: Storage): ServiceUse {
  const addresses = new Set<string>();
  const nodePorts = new Set<number>();
  const note = (object: unknown, taken: boolean): void => {
    const address = stringAt(object, 'spec', 'clusterIP') ?? '';
    if (address !== '' && address !== 'None') taken ? addresses.add(address) : addresses.delete(address);
    for (const port of dictsAt(object, 'spec', 'ports')) {
      const nodePort = numberAt(port, 'nodePort');
      if (nodePort !== undefined) taken ? nodePorts.add(nodePort) : nodePorts.delete(nodePort);
    }
  };
  for (const { object } of storage.collection('/services').list()) note(object, true);
  storage.subscribe((resource, { type, entry, previous }) => {
    if (resource !== '/services') return;
    if (previous !== undefined) note(previous.object, false);
    if (type !== 'DELETED') note(entry.object, true);
  });
  return { hasAddress: (address) => addresses.has(address), hasNodePort: (port) => nodePorts.has(port) };
}
