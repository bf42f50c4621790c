import { cidr, url } from './address.js';
import { choice, days, dictionary, group, integer, list, optional, text } from './field.js';
import { AGE, type Kind } from './kind.js';
import { label, objectName, secretKeyRef } from './reference.js';
import { tiers } from './tenant/status.js';
import { clock, duration, timeZone } from './time.js';
import { MAX_REPLICAS } from './workload.js';

const deletionPolicies = ['Retain', 'Archive', 'Erase'] as const;
const providerNames = ['local', 'claude', 'openai', 'google', 'ollama'] as const;

/** Who keeps memories elsewhere has to be allowed like whoever reads them. */
const limitedNames = [...providerNames, 'mem0', 'letta'] as const;

const defaults = group('What a tenant of this class gets where its spec is silent.', {
  size: optional(choice('Size.', ['small', 'medium', 'large'])),
  ring: optional(label('Ring.')),
  deletionPolicy: optional(
    choice('Deletion policy. A stored tenant always has one, so this cannot take effect on it.', deletionPolicies, {
      acts: false,
    }),
  ),
});

const limits = group(
  'What a tenant of this class may ask for. Unset: no limit. Beyond it a tenant stalls with LimitExceeded.',
  {
    tiers: optional(list('Tiers.', choice('One tier.', tiers), { type: 'set', minItems: 1, maxItems: 3 })),
    maxReplicas: optional(integer('Pods of one service.', { minimum: 1, maximum: MAX_REPLICAS })),
    deletionPolicies: optional(
      list('Deletion policies.', choice('One policy.', deletionPolicies), { type: 'set', minItems: 1, maxItems: 3 }),
    ),
    minAuditRetentionDays: optional(days('Shortest audit.retentionDays.', { minimum: 365 })),
    allowedDomains: optional(
      list(
        'Host names; a leading *. stands for one label.',
        text('One name.', {
          maxLength: 253,
          pattern: '^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
          expects: 'a host name, or *. and a domain',
        }),
        { type: 'set', maxItems: 64 },
      ),
    ),
    egressCIDRs: optional(
      list('Ranges that network.egress lies in.', cidr('One range.'), { type: 'set', maxItems: 64, acts: false }),
    ),
    endpoints: optional(
      list('Addresses of providers.', url('One address.', 'https|http'), { type: 'set', maxItems: 64, acts: false }),
    ),
    providers: optional(
      list(
        'Providers of extraction and embedding, and of memories that are kept elsewhere.',
        choice('One provider.', limitedNames),
        {
          type: 'set',
          minItems: 1,
          maxItems: limitedNames.length,
        },
      ),
    ),
    kmsKeyIDs: optional(
      list('KMS keys of encryption.kmsKeyID.', text('One key.', { maxLength: 512 }), {
        type: 'set',
        maxItems: 64,
        acts: false,
      }),
    ),
  },
);

const toleration = group('One toleration, as in a Pod.', {
  key: optional(text('Key of the taint. Unset: all.', { maxLength: 316 })),
  operator: optional(choice('How the value is compared.', ['Exists', 'Equal'])),
  value: optional(text('Value of the taint.', { minLength: 0, maxLength: 63 })),
  effect: optional(choice('Effect of the taint. Unset: all.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute'])),
  tolerationSeconds: optional(integer('How long NoExecute is tolerated.', { maximum: 31_536_000 })),
});

const workload = group('Where pods run.', {
  nodeSelector: optional(dictionary('Labels of the nodes.', { maxProperties: 16, maxLength: 63 })),
  tolerations: optional(list('Tolerations of the pods.', toleration, { type: 'atomic', maxItems: 16 })),
  priorityClassName: optional(objectName('Priority class of the pods.')),
  imagePullSecretRefs: optional(
    list('Secrets for pulling images.', group('One Secret.', { name: objectName('Its name.') }), {
      type: 'map',
      keys: ['name'],
      maxItems: 8,
    }),
  ),
  topologySpread: choice('What pods of one service are spread over.', ['Zone', 'Node', 'None'], { default: 'Zone' }),
});

const credential = group('The credential for one provider.', {
  provider: choice('The provider.', providerNames),
  secretRef: secretKeyRef('Its key, in a Secret of the namespace of the operator.'),
});

export const memoryTenantClassSpec = group(
  'Defaults, limits, shared credentials and scheduling.',
  {
    defaults: optional(defaults),
    limits: optional(limits),
    credentials: optional(
      list('Credentials that tenants use without seeing them.', credential, {
        type: 'map',
        keys: ['provider'],
        maxItems: providerNames.length,
        acts: false,
      }),
    ),
    retainedReattach: choice(
      'Explicit: data left behind come back by bootstrap.retained only. SameName: a tenant of the same name gets them.',
      ['Explicit', 'SameName'],
      { default: 'Explicit' },
    ),
    backupWindow: optional(
      group(
        'When scheduled work of its tenants runs, spread evenly.',
        {
          start: clock('When it opens.', { default: '01:00' }),
          duration: duration('backupWindow.duration', 'How long it is open.', { default: '4h', atLeast: '1h' }),
          timeZone: timeZone('Zone of start.', { default: 'Etc/UTC' }),
        },
        { acts: false },
      ),
    ),
    workload: optional(workload),
  },
  { defaulted: true },
);

export const memoryTenantClass: Kind = {
  kind: 'MemoryTenantClass',
  plural: 'memorytenantclasses',
  singular: 'memorytenantclass',
  shortNames: ['mtc'],
  scope: 'Cluster',
  description: 'Defaults, limits, shared credentials and scheduling for many tenants.',
  notes: [
    'The class with the annotation `memplane.dev/is-default-class: "true"` serves tenants that name none. Two such classes stall those tenants with `ClassAmbiguous`.',
  ],
  columns: [
    { name: 'Size', jsonPath: '.spec.defaults.size', type: 'string', description: 'Default size.' },
    { name: 'Ring', jsonPath: '.spec.defaults.ring', type: 'string', description: 'Default ring.' },
    {
      name: 'Reattach',
      jsonPath: '.spec.retainedReattach',
      type: 'string',
      description: 'How data left behind come back.',
    },
    AGE,
  ],
  spec: memoryTenantClassSpec,
  status: undefined,
  rules: [],
  example: { name: 'standard', spec: { defaults: { size: 'small', ring: 'stable' }, limits: { tiers: ['Pooled'] } } },
};
