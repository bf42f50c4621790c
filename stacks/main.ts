import { readConfig } from './config.js';
import { environments } from './spec/index.js';
import { synthesise } from './synthesise.js';

process.exitCode = synthesise(environments, readConfig(), { out: console.log, error: console.error });
