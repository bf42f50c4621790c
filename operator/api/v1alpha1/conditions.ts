/** What conditions are about. `Ready`, `Reconciling` and `Stalled` are read by kstatus; the last two exist only while True. */
export const CONDITIONS = {
  ready: 'Ready',
  reconciling: 'Reconciling',
  stalled: 'Stalled',
  available: 'Available',
  paused: 'Paused',
  held: 'Held',
  quotaReady: 'QuotaReady',
  driftDetected: 'DriftDetected',
  drillFresh: 'DrillFresh',
  namespaceReady: 'NamespaceReady',
  keysReady: 'KeysReady',
  databaseReady: 'DatabaseReady',
  vectorsReady: 'VectorsReady',
  cacheReady: 'CacheReady',
  storageReady: 'StorageReady',
  workloadReady: 'WorkloadReady',
  gatewayReady: 'GatewayReady',
  backupReady: 'BackupReady',
  auditReady: 'AuditReady',
} as const;
export type ConditionType = (typeof CONDITIONS)[keyof typeof CONDITIONS];

/** Why: one word for machines. The message beside it says what, which object, and what to do. */
export const REASONS = {
  // It holds, or is on its way.
  Ready: 'Ready',
  Available: 'Available',
  Progressing: 'Progressing',
  Pending: 'Pending',
  RolloutInProgress: 'RolloutInProgress',
  Terminating: 'Terminating',
  // Somebody asked for it.
  Paused: 'Paused',
  Suspended: 'Suspended',
  Held: 'Held',
  DeletionPrevented: 'DeletionPrevented',
  // Something outside is missing or away: the operator looks again.
  SecretMissing: 'SecretMissing',
  SecretIncomplete: 'SecretIncomplete',
  DatabaseUnreachable: 'DatabaseUnreachable',
  DatabaseLoginRefused: 'DatabaseLoginRefused',
  StoreUnreachable: 'StoreUnreachable',
  KeyManagementUnreachable: 'KeyManagementUnreachable',
  CrashLooping: 'CrashLooping',
  MigrationPending: 'MigrationPending',
  ImagePullFailed: 'ImagePullFailed',
  PodNotStarting: 'PodNotStarting',
  Unschedulable: 'Unschedulable',
  // A person must change something.
  PlaneNotFound: 'PlaneNotFound',
  PlaneIncomplete: 'PlaneIncomplete',
  ClassNotFound: 'ClassNotFound',
  ClassAmbiguous: 'ClassAmbiguous',
  RingNotFound: 'RingNotFound',
  TierNotSupported: 'TierNotSupported',
  ProviderNotSupported: 'ProviderNotSupported',
  DeletionPolicyNotSupported: 'DeletionPolicyNotSupported',
  HostnameTaken: 'HostnameTaken',
  LimitExceeded: 'LimitExceeded',
  QuotaTooSmall: 'QuotaTooSmall',
  CapacityExhausted: 'CapacityExhausted',
  VersionDowngrade: 'VersionDowngrade',
  NamespaceConflict: 'NamespaceConflict',
  RetainedDataFound: 'RetainedDataFound',
  RetainedDataNotFound: 'RetainedDataNotFound',
  RetainedDataInUse: 'RetainedDataInUse',
  BootstrapConflict: 'BootstrapConflict',
  PlacementMissing: 'PlacementMissing',
  KeyringMissing: 'KeyringMissing',
  Invalid: 'Invalid',
  // A store answered; what the plane shows of it.
  Reachable: 'Reachable',
  InUse: 'InUse',
  // Unexpected: retried with backoff.
  Error: 'Error',
} as const;
export type Reason = keyof typeof REASONS;
