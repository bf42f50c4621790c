import { choice, flag, group, integer, optional, text } from './field.js';
import { AGE, type Column, type Kind, READY } from './kind.js';
import { objectName, TENANT_NAME } from './reference.js';
import { access } from './tenant/access.js';
import { bootstrap } from './tenant/bootstrap.js';
import { features, observability, policies, quotas, rollout } from './tenant/policy.js';
import { audit, backup, compliance, encryption, network } from './tenant/protection.js';
import { providers } from './tenant/providers.js';
import { services } from './tenant/services.js';
import { memoryTenantStatus, tiers } from './tenant/status.js';

const planeRef = group(
  'The plane whose stores this tenant uses. It cannot change.',
  { name: objectName('Name of the MemoryPlane.', { default: 'default' }) },
  {
    defaulted: true,
    rules: [
      {
        rule: 'self == oldSelf',
        message: 'planeRef cannot change',
        remedy: 'keep it, or make another tenant on the other plane and restore into it',
        reason: 'FieldValueForbidden',
      },
    ],
  },
);

export const memoryTenantSpec = group(
  'What the tenant shall be. Everything has a default or may stay unset: the smallest tenant is a name.',
  {
    planeRef,
    className: optional(objectName('The MemoryTenantClass. Unset: the class that is marked as default.')),
    displayName: optional(text('Name for people.', { maxLength: 128 })),
    tier: choice(
      'How far it is kept apart. Pooled: a schema and a role of its own in a shared database. Dedicated: a database and a collection of its own. Isolated: stores of its own in its namespace. It may be raised, never lowered below what is placed. Only Pooled is placed in this version; the others stall with TierNotSupported.',
      tiers,
      { default: 'Pooled' },
    ),
    size: optional(choice('Preset of pods and resources. Unset: what the class says.', ['small', 'medium', 'large'])),
    mode: choice(
      'Active; ReadOnly: writes are refused; Suspended: scaled to zero, data kept, backups and archive go on.',
      ['Active', 'ReadOnly', 'Suspended'],
      { default: 'Active' },
    ),
    paused: flag('The operator looks and does not touch.', { default: false }),
    rollout: optional(rollout),
    services,
    access,
    quotas,
    policies,
    features: optional(features),
    observability,
    providers,
    encryption,
    backup,
    audit,
    compliance,
    network: optional(network),
    bootstrap: optional(bootstrap),
    preventDeletion: flag('Refuse to delete this resource. An admission policy enforces it.', { default: false }),
    deletionPolicy: choice(
      'What happens to data and keys when the resource is deleted. Retain: they stay and can be re-attached. Archive: a last backup, then deleted. Erase: the keys are destroyed, the data deleted, a certificate written; setting it needs the verb "erase".',
      ['Retain', 'Archive', 'Erase'],
      { default: 'Retain' },
    ),
    erasureGraceDays: integer('How long Erase waits after the deletion; coming back within it re-attaches.', {
      default: 7,
      maximum: 365,
    }),
  },
  {
    defaulted: true,
    rules: [
      {
        rule: "!('hipaa' in self.compliance) || self.audit.retentionDays >= 2192",
        message: 'audit.retentionDays is below 2192, the floor of compliance hipaa',
        remedy: 'give audit.retentionDays at least 2192 (six years)',
        fieldPath: '.audit.retentionDays',
      },
    ],
  },
);

const TIER_ORDER = "{'Pooled':0,'Dedicated':1,'Isolated':2}";
const PLACED_TIER =
  "(has(oldSelf.status) && has(oldSelf.status.placement) && has(oldSelf.status.placement.tier) ? oldSelf.status.placement.tier : 'Pooled')";

const columns: readonly Column[] = [
  { name: 'Tier', jsonPath: '.spec.tier', type: 'string', description: 'How far it is kept apart.' },
  { name: 'Version', jsonPath: '.status.version', type: 'string', description: 'Version that runs.' },
  { name: 'Memories', jsonPath: '.status.usage.memories', type: 'integer', description: 'Number of memories.' },
  { name: 'Endpoint', jsonPath: '.status.endpoint', type: 'string', description: 'URL of the memory API.' },
  ...READY,
  AGE,
  { name: 'Class', jsonPath: '.status.effective.class', type: 'string', description: 'Its class.', wide: true },
  { name: 'Plane', jsonPath: '.spec.planeRef.name', type: 'string', description: 'Its plane.', wide: true },
  { name: 'Ring', jsonPath: '.status.effective.ring', type: 'string', description: 'Its ring.', wide: true },
  { name: 'Mode', jsonPath: '.spec.mode', type: 'string', description: 'Active, ReadOnly or Suspended.', wide: true },
];

export const memoryTenant: Kind = {
  kind: 'MemoryTenant',
  plural: 'memorytenants',
  singular: 'memorytenant',
  shortNames: ['mt'],
  scope: 'Cluster',
  description: 'One tenant: a memory of its own, with its services, limits, keys, backups and audit log.',
  notes: [
    'The tenant lives in the namespace `mem-<name>`, which the operator makes and deletes. A namespace of that name without our label is never taken over (`NamespaceConflict`).',
    'A deleted tenant leaves its data behind unless `deletionPolicy` says otherwise. A new tenant of the same name gets them back by `bootstrap.retained.tenantID`; until then it says `RetainedDataFound`, except where its class says `retainedReattach: SameName`.',
    'In this version only tier `Pooled` is placed. `Dedicated` and `Isolated` are accepted and stall with `TierNotSupported`; nothing is placed for them. In `Pooled`, vectors of several tenants share a collection, so one filter keeps them apart.',
  ],
  columns,
  spec: memoryTenantSpec,
  status: memoryTenantStatus,
  rules: [
    {
      rule: `self.metadata.name.matches('${TENANT_NAME}')`,
      message: 'metadata.name is not a DNS label of at most 50 characters',
      remedy: 'use lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
      // The API server wants the path of a field that the schema lists; the name is listed for this.
      fieldPath: '.metadata.name',
    },
    {
      rule: `self.spec.tier == oldSelf.spec.tier || ${TIER_ORDER}[self.spec.tier] >= ${TIER_ORDER}[${PLACED_TIER}]`,
      message: 'spec.tier is lowered below the tier that is placed (status.placement.tier)',
      remedy: 'keep the placed tier or raise it',
      fieldPath: '.spec.tier',
    },
    {
      rule: '!has(self.spec.bootstrap) || (has(oldSelf.spec.bootstrap) && self.spec.bootstrap == oldSelf.spec.bootstrap) || !has(oldSelf.status) || !has(oldSelf.status.tenantID)',
      message: 'spec.bootstrap changes after the tenant got its identity (status.tenantID)',
      remedy: 'leave it as it was or remove it; to begin from other data make another tenant',
      fieldPath: '.spec.bootstrap',
    },
  ],
  example: { name: 'acme' },
};
