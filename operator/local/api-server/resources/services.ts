import { type FieldError, invalidField, requiredField } from '../field-errors.js';
import { type DraftObject, dictAt, type MutableDict, stringAt, valueAt } from '../objects.js';
import { fill, isEmpty, objectIn, objectsIn } from './drafts.js';
import type { Strategy } from './resource.js';
import { immutable } from './workloads.js';

const LAST_HOST = 65_534;
const FIRST_NODE_PORT = 30_000;

/** Addresses and node ports in use, told by whoever holds the services. */
export interface ServiceUse {
  readonly hasAddress: (address: string) => boolean;
  readonly hasNodePort: (port: number) => boolean;
}

/** Nothing listens on these addresses: the local cluster reaches pods by their ports on the loopback. */
function nextAddress(use: ServiceUse): string {
  for (let host = 1; host <= LAST_HOST; host += 1) {
    const address = `10.96.${host >> 8}.${host & 255}`;
    if (!use.hasAddress(address)) return address;
  }
  throw new Error('no service address is left in 10.96.0.0/16; delete services');
}

function nextNodePort(use: ServiceUse): number {
  let port = FIRST_NODE_PORT;
  while (use.hasNodePort(port)) port += 1;
  return port;
}

function fillService(draft: DraftObject): void {
  const spec = objectIn(draft, 'spec');
  fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
  for (const port of objectsIn(spec, 'ports')) fill(port, { protocol: 'TCP', targetPort: port.port });
  if (spec.type === 'ExternalName') return;
  fill(spec, { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  if (spec.type === 'LoadBalancer') fill(spec, { allocateLoadBalancerNodePorts: true });
  if (spec.type !== 'ClusterIP') fill(spec, { externalTrafficPolicy: 'Cluster' });
}

function allocate(draft: DraftObject, use: ServiceUse): void {
  const spec = objectIn(draft, 'spec');
  if (spec.type === 'ExternalName') return;
  if (isEmpty(spec.clusterIP) || spec.clusterIP === '') spec.clusterIP = nextAddress(use);
  spec.clusterIPs = [spec.clusterIP];
  if (spec.type === 'ClusterIP') return;
  for (const port of objectsIn(spec, 'ports')) fillNodePort(port, use);
}

function fillNodePort(port: MutableDict, use: ServiceUse): void {
  if (port.nodePort === undefined || port.nodePort === 0) port.nodePort = nextNodePort(use);
}

function serviceErrors(draft: DraftObject): readonly FieldError[] {
  const spec = objectIn(draft, 'spec');
  const ports = objectsIn(spec, 'ports');
  const errors: FieldError[] = [];
  if (ports.length === 0 && spec.clusterIP !== 'None' && spec.type !== 'ExternalName') {
    errors.push(requiredField('spec.ports'));
  }
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    if (ports.length > 1 && (port.name ?? '') === '') errors.push(requiredField(`${path}.name`));
    const number = Number(port.port ?? 0);
    if (number < 1 || number > 65_535) {
      errors.push(invalidField(`${path}.port`, number, 'must be between 1 and 65535, inclusive'));
    }
  });
  return errors;
}

export const createServiceStrategy = (use: ServiceUse): Strategy => ({
  nameForm: 'service',
  answersDeleted: true,
  defaults: fillService,
  prepareCreate(draft) {
    allocate(draft, use);
    draft.status = { loadBalancer: {} };
  },
  prepareUpdate(draft, live) {
    const spec = objectIn(draft, 'spec');
    const address = valueAt(live, 'spec', 'clusterIP');
    if (address !== undefined) fill(spec, { clusterIP: address });
    if (dictAt(live, 'spec') !== undefined) fill(spec, { clusterIPs: valueAt(live, 'spec', 'clusterIPs') });
    allocate(draft, use);
  },
  validate(draft, live) {
    const errors = [...serviceErrors(draft)];
    const before = stringAt(live, 'spec', 'clusterIP');
    const after = stringAt(draft, 'spec', 'clusterIP');
    if (before !== undefined && after !== undefined && before !== after) {
      errors.push(immutable('spec.clusterIPs[0]', [after]));
    }
    return errors;
  },
});
