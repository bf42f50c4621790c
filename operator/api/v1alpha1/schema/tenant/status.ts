import { conditions, observedGeneration } from '../condition.js';
import { choice, dictionary, group, integer, list, optional, percent, SAFE_MAX, text } from '../field.js';
import { bindingStatus, label, objectName, uuid } from '../reference.js';
import { timestamp } from '../time.js';
import { MAX_REPLICAS } from '../workload.js';

const shown = (description: string, maxLength = 253) => optional(text(description, { maxLength }));
const count = (description: string) => optional(integer(description, { maximum: SAFE_MAX }));
const when = (description: string) => optional(timestamp(description));

const replicas = group('Pods of one service.', {
  name: label('Name of the service.'),
  minReplicas: integer('Fewest pods.', { maximum: MAX_REPLICAS }),
  maxReplicas: integer('Most pods.', { maximum: MAX_REPLICAS }),
});

const effective = group('What spec leaves open, resolved from class, ring and size.', {
  class: shown('The MemoryTenantClass.'),
  ring: shown('The ring.'),
  size: optional(choice('The size.', ['small', 'medium', 'large'])),
  scaling: optional(list('Pods of each service.', replicas, { type: 'map', keys: ['name'], maxItems: 8 })),
  quotaHard: optional(dictionary('Limits of the ResourceQuota.', { maxProperties: 32, maxLength: 64 })),
});

export const tiers = ['Pooled', 'Dedicated', 'Isolated'] as const;

const placement = group('Where the data are.', {
  tier: optional(choice('The tier that is placed.', tiers)),
  plane: shown('The MemoryPlane.'),
  database: shown('Name of the postgres entry in the plane.'),
  schema: shown('Schema of the tenant.'),
  collection: shown('Collection of its vectors.'),
  partition: shown('Its partition of the collection.'),
});

const embedding = group('The embedding in use.', {
  provider: shown('The provider.'),
  model: shown('The model.'),
  dimensions: count('Length of a vector.'),
  migration: optional(
    group('A change on its way.', {
      model: shown('The model to come.'),
      progressPercent: optional(percent('How much is re-embedded.')),
    }),
  ),
});

const usage = group('What is used, written at most every 5 minutes and on a change of 1 %.', {
  observedTime: when('When it was counted.'),
  memories: count('Memories.'),
  vectors: count('Vectors.'),
  storageBytes: count('Bytes of rows, vectors and artifacts.'),
  tokensToday: count('Tokens sent to providers today.'),
});

const encryption = group('The keys of the tenant.', {
  keyID: shown('The KMS key that wraps them.', 512),
  epoch: count('Epoch of the keyring; it never falls.'),
  rotatedTime: when('When the key of the tenant was last replaced.'),
  rewrapPercent: optional(percent('How much is sealed under the newest key.')),
});

const backup = group('Backups and drills.', {
  lastSuccessTime: when('Last backup that succeeded.'),
  nextTime: when('Next backup.'),
  lastDrillTime: when('Last drill that succeeded.'),
  measuredRPOSeconds: count('Data loss that the last drill measured.'),
  measuredRTOSeconds: count('Time to restore that the last drill measured.'),
});

const audit = group('The audit log.', {
  head: shown('Root of the tree.'),
  sequence: count('Number of the newest event.'),
  archivedThrough: count('Newest event in the locked bucket.'),
  anchoredThrough: count('Newest event under an anchor.'),
  verifiedTime: when('Last verification that succeeded.'),
});

export const memoryTenantStatus = group('What the operator sees and did. It never writes spec.', {
  observedGeneration: observedGeneration(),
  tenantID: optional(
    uuid('Identity of the tenant, from the catalogue; it survives deletion, reinstallation and a rebuilt cluster.'),
  ),
  conditions: conditions(
    'Ready, Available, Paused, Held, QuotaReady, DriftDetected, DrillFresh, AuditReady (the last archive of the log) and one per phase; Reconciling and Stalled only while True.',
  ),
  endpoint: shown('URL of the memory API.', 1024),
  namespace: optional(label('The namespace, mem-<name>.')),
  apiKeySecret: optional(
    objectName('Secret in the namespace with a bootstrap API key; rotate it with `memoryctl keys claim`.'),
  ),
  binding: bindingStatus('The Secret with endpoint and key, as the Service Binding specification wants it.'),
  version: shown('Version that runs.', 64),
  effective: optional(effective),
  placement: optional(placement),
  embedding: optional(embedding),
  usage: optional(usage),
  encryption: optional(encryption),
  backup: optional(backup),
  audit: optional(audit),
});
