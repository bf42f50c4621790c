import type { LiveObject } from '../../../operator/clients/kube.js';
import { firstUnwanted, keepOwnedFields, ownedFields } from '../../../operator/runtime/owned-fields.js';

const live = (name: string, managedFields: readonly unknown[]): LiveObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1', managedFields },
});

const tree = { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } } } };
const ours = { manager: 'us', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: tree };
const theirs = { manager: 'them', operation: 'Apply', fieldsV1: { 'f:spec': {} } };
const status = { manager: 'us', operation: 'Apply', subresource: 'status', fieldsV1: { 'f:status': {} } };
const update = { manager: 'us', operation: 'Update', fieldsV1: { 'f:spec': {} } };

describe('fields that we own', () => {
  it('are those that we applied, not those we updated, nor those of others or of status', () => {
    expect(ownedFields(live('a', [theirs, status, update, ours]), 'us')).toBe(tree);
    expect(ownedFields(live('a', [theirs, status, update]), 'us')).toBeUndefined();
  });

  it('are kept by the trim, shared between objects of the same shape, without those of others', () => {
    const trim = keepOwnedFields('us');
    const first = trim(live('a', [theirs, structuredClone(ours)]));
    const second = trim(live('b', [structuredClone(ours), theirs]));
    expect(ownedFields(first, 'us')).toEqual(tree);
    expect(first.metadata.managedFields).toBe(second.metadata.managedFields);
    expect(trim(live('c', [theirs])).metadata.managedFields).toBeUndefined();
  });

  it.each([
    [
      'still wanted, with a default of the server in its key',
      { spec: { ports: [{ port: 80, name: 'http' }] } },
      undefined,
    ],
    ['a name no longer wanted', { spec: { ports: [{ port: 80 }] } }, 'spec.ports.{"port":80,"protocol":"TCP"}.name'],
    [
      'another protocol',
      { spec: { ports: [{ port: 80, name: 'http', protocol: 'UDP' }] } },
      'spec.ports.{"port":80,"protocol":"TCP"}',
    ],
    ['nothing left', { spec: {} }, 'spec.ports'],
  ])('%s', (_title, desired, place) => {
    expect(firstUnwanted(tree, desired)).toBe(
      place === undefined ? undefined : `${place} is ours and no longer wanted`,
    );
  });

  it('are compared by value in sets', () => {
    const set = { 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"memplane.dev/teardown"': {} } } };
    expect(firstUnwanted(set, { metadata: { finalizers: ['memplane.dev/teardown'] } })).toBeUndefined();
    expect(firstUnwanted(set, { metadata: { finalizers: ['other'] } })).toContain('no longer wanted');
  });
});
