import type { CommandEntry } from '../command.js';

/** A new command is one file and one entry, in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
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
    path: ['audit', 'verify'],
    summary: 'check an exported audit log offline, by a policy of your own',
    load: async () => (await import('./audit-verify.js')).auditVerify,
  },
  {
    path: ['audit', 'export'],
    summary: "write a tenant's audit log into a folder",
    load: async () => (await import('./audit-export.js')).auditExport,
  },
];
