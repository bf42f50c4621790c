import { readConfig } from './config.js';
import { readLogicalIds } from './logical-ids.js';
import { environments, misshapen } from './spec/index.js';
import { synthesise } from './synthesise.js';

const report = { out: console.log, error: console.error };
process.exitCode = synthesise(environments, readConfig(), report, undefined, readLogicalIds(), misshapen);
