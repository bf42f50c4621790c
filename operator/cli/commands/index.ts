import type { CommandEntry } from '../command.js';

/** A new command is one file and one entry, in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    path: ['tenant', 'create'],
    summary: 'make a tenant and wait until it is Ready',
    load: async () => (await import('./tenant-create.js')).tenantCreate,
  },
  {
    path: ['tenant', 'list'],
    summary: 'list the tenants',
    load: async () => (await import('./tenant-list.js')).tenantList,
  },
  {
    path: ['tenant', 'info'],
    summary: 'say where a tenant is and how it is',
    load: async () => (await import('./tenant-info.js')).tenantInfo,
  },
  {
    path: ['tenant', 'stats'],
    summary: 'say what a tenant uses and may use',
    load: async () => (await import('./tenant-stats.js')).tenantStats,
  },
  {
    path: ['tenant', 'delete'],
    summary: 'delete a tenant',
    load: async () => (await import('./tenant-delete.js')).tenantDelete,
  },
  {
    path: ['keys', 'claim'],
    summary: "put a key of one's own in the place of a tenant's first one",
    load: async () => (await import('./keys-claim.js')).keysClaim,
  },
  {
    path: ['plane', 'from-outputs'],
    summary: 'write the MemoryPlane that the outputs of the stacks describe',
    load: async () => (await import('./plane-from-outputs.js')).planeFromOutputs,
  },
  {
    path: ['infra', 'verify'],
    summary: 'compare what stands in the cloud with what was synthesised',
    load: async () => (await import('./infra-verify.js')).infraVerify,
  },
  {
    path: ['infra', 'evidence', 'sign'],
    summary: 'write what synth proved of an environment as signed evidence',
    load: async () => (await import('./infra-evidence-sign.js')).infraEvidenceSign,
  },
  {
    path: ['infra', 'evidence', 'verify'],
    summary: 'check evidence offline, and list it by control',
    load: async () => (await import('./infra-evidence-verify.js')).infraEvidenceVerify,
  },
  {
    path: ['infra', 'evidence', 'store'],
    summary: 'put signed evidence where nobody deletes it',
    load: async () => (await import('./infra-evidence-store.js')).infraEvidenceStore,
  },
  {
    path: ['infra', 'evidence', 'diff'],
    summary: 'say what differs between the evidence of two releases',
    load: async () => (await import('./infra-evidence-diff.js')).infraEvidenceDiff,
  },
  {
    path: ['audit', 'verify'],
    summary: 'check an exported audit log offline, by a policy of your own',
    load: async () => (await import('./audit-verify.js')).auditVerify,
  },
  {
    path: ['audit', 'certificate'],
    summary: 'check an erasure certificate offline, by the same policy',
    load: async () => (await import('./audit-certificate.js')).auditCertificate,
  },
  {
    path: ['audit', 'export'],
    summary: "write a tenant's audit log into a folder",
    load: async () => (await import('./audit-export.js')).auditExport,
  },
  {
    path: ['doctor'],
    summary: 'find what is wrong with a cluster',
    load: async () => (await import('./doctor.js')).doctor,
  },
];
