import { withDefaults } from './defaults.js';
import { dev } from './dev.js';
import type { Environment } from './environment.js';
import { prod } from './prod.js';

/** A new environment is one more line here and one more entry in its file. */
export const environments: readonly Environment[] = [...dev, ...prod].map(withDefaults);
