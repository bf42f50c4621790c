import { withDefaults } from './defaults.js';
import { dev } from './dev.js';
import type { Environment, EnvironmentInput, Problem } from './environment.js';
import { furtherProblems } from './mend.js';
import { prod } from './prod.js';
import { labelOf, shapeProblems } from './shape.js';

/** A new environment is one more line here and one more entry in its file. */
const inputs: readonly EnvironmentInput[] = [...dev, ...prod];

const judged = inputs.map((input, index) => ({ input, problems: shapeProblems(input, index) }));

/** Fields that are missing, misspelt or of another kind, and what else is wrong with an environment that has one. */
export const misshapen: readonly Problem[] = judged.flatMap(({ input, problems }, index) =>
  problems.length === 0 ? [] : [...problems, ...furtherProblems(input, problems, labelOf(input, index))],
);

export const environments: readonly Environment[] = judged
  .filter(({ problems }) => problems.length === 0)
  .map(({ input }) => withDefaults(input));
