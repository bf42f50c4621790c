import { withDefaults } from './defaults.js';
import { dev } from './dev.js';
import type { Environment, EnvironmentInput, Problem } from './environment.js';
import { prod } from './prod.js';
import { shapeProblems } from './shape.js';

/** A new environment is one more line here and one more entry in its file. */
const inputs: readonly EnvironmentInput[] = [...dev, ...prod];

const judged = inputs.map((input, index) => ({ input, problems: shapeProblems(input, index) }));

/** Fields that are missing, misspelt or of another kind; an environment that has one is judged no further. */
export const misshapen: readonly Problem[] = judged.flatMap(({ problems }) => problems);

export const environments: readonly Environment[] = judged
  .filter(({ problems }) => problems.length === 0)
  .map(({ input }) => withDefaults(input));
