import { databasePhase } from './database/index.js';
import { keysPhase } from './keys/index.js';
import { namespacePhase } from './namespace/index.js';
import { PHASES, type Phase, type PhaseName } from './phase.js';
import { storagePhase } from './storage/index.js';
import { vectorsPhase } from './vectors/index.js';
import { workloadPhase } from './workload/index.js';

const BY_NAME: Readonly<Record<PhaseName, Phase>> = {
  namespace: namespacePhase,
  keys: keysPhase,
  database: databasePhase,
  vectors: vectorsPhase,
  storage: storagePhase,
  workload: workloadPhase,
};

/** The pipeline. A phase that is missing here does not compile. */
export const PHASE_LIST: readonly Phase[] = PHASES.map((name) => BY_NAME[name]);
