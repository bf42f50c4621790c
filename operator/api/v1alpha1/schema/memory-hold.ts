import { conditions, observedGeneration } from './condition.js';
import { group, list, optional, text } from './field.js';
import { AGE, type Kind } from './kind.js';
import { tenantName } from './reference.js';

export const memoryHoldSpec = group(
  'Whose data are held, and why.',
  {
    tenantNames: list('Tenants. Names may be added, never removed.', tenantName('One tenant.'), {
      type: 'set',
      minItems: 1,
      maxItems: 256,
    }),
    caseID: optional(text('The case or matter.', { maxLength: 128 })),
    reason: optional(text('Why.', { maxLength: 1024 })),
  },
  {
    rules: [
      {
        rule: 'oldSelf.tenantNames.all(t, t in self.tenantNames)',
        message: 'tenantNames loses a name: a hold only grows',
        remedy: 'keep every name; to release tenants delete the MemoryHold',
        reason: 'FieldValueForbidden',
        fieldPath: '.tenantNames',
      },
    ],
  },
);

export const memoryHoldStatus = group('What the operator sees of the hold.', {
  observedGeneration: observedGeneration(),
  conditions: conditions('Ready: the hold is in force.'),
});

export const memoryHold: Kind = {
  kind: 'MemoryHold',
  plural: 'memoryholds',
  singular: 'memoryhold',
  shortNames: ['mh'],
  scope: 'Cluster',
  description: 'A legal hold: while it exists nothing of these tenants is erased.',
  notes: ['It is released by deleting it. Hold beats retention, and retention beats erasure.'],
  columns: [
    { name: 'Case', jsonPath: '.spec.caseID', type: 'string', description: 'The case.' },
    { name: 'Tenants', jsonPath: '.spec.tenantNames', type: 'string', description: 'Whose data are held.' },
    AGE,
    { name: 'Why', jsonPath: '.spec.reason', type: 'string', description: 'Why.', wide: true },
  ],
  spec: memoryHoldSpec,
  status: memoryHoldStatus,
  rules: [],
  example: { name: 'case-4711', spec: { tenantNames: ['acme'], caseID: '4711', reason: 'litigation' } },
};
