import { conditions, observedGeneration } from './condition.js';
import { group, optional, text } from './field.js';
import { AGE, immutable, type Kind, READY } from './kind.js';
import { bindingStatus, objectName, role, tenantName } from './reference.js';
import { timestamp } from './time.js';

export const memoryBindingSpec = group(
  'Which tenant, as whom, and where the key goes. It cannot change.',
  {
    tenantName: tenantName('The MemoryTenant; its access.consumers must list this namespace and role.'),
    role: role('The role of the key.'),
    secretName: objectName('Secret in this namespace that the operator writes endpoint and key into.'),
  },
  { acts: false, rules: [immutable('MemoryBinding')] },
);

export const memoryBindingStatus = group('The key that was made.', {
  observedGeneration: observedGeneration(),
  conditions: conditions('Ready; Reconciling and Stalled only while True.'),
  binding: bindingStatus('The Secret, as the Service Binding specification wants it.'),
  keyID: optional(text('Public part of the key.', { maxLength: 128 })),
  rotatedTime: optional(timestamp('When it was last replaced.')),
  nextRotationTime: optional(timestamp('When it will be replaced.')),
});

export const memoryBinding: Kind = {
  kind: 'MemoryBinding',
  plural: 'memorybindings',
  singular: 'memorybinding',
  shortNames: ['mbi'],
  scope: 'Namespaced',
  description: 'A key of a tenant for an application, in the namespace of the application, rotated with overlap.',
  notes: ['Nothing acts on it in this version: it is accepted and kept.'],
  columns: [
    { name: 'Tenant', jsonPath: '.spec.tenantName', type: 'string', description: 'The tenant.' },
    { name: 'Role', jsonPath: '.spec.role', type: 'string', description: 'The role of the key.' },
    { name: 'Secret', jsonPath: '.spec.secretName', type: 'string', description: 'Where the key is.' },
    ...READY,
    AGE,
  ],
  spec: memoryBindingSpec,
  status: memoryBindingStatus,
  rules: [],
  example: {
    name: 'memory',
    namespace: 'acme-apps',
    spec: { tenantName: 'acme', role: 'service', secretName: 'memory' },
  },
};
