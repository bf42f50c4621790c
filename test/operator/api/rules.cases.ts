import { boundCases } from './cases/bounds.js';
import type { RuleCase } from './cases/case.js';
import { otherKindCases } from './cases/other-kinds.js';
import { planeCases } from './cases/plane.js';
import { scheduleCases } from './cases/schedules.js';
import { tenantCases } from './cases/tenant.js';
import { transitionCases } from './cases/transitions.js';

export type { Attempt, Manifest, RuleCase } from './cases/case.js';

/**
 * What an API server that serves our CRDs accepts and refuses. Data only: the suite of the embedded server and that of
 * a real one run the same table (`test/support/rule-attempt.ts` plays one attempt), and so does our own validation.
 */
export const ruleCases: readonly RuleCase[] = [
  ...tenantCases,
  ...transitionCases,
  ...scheduleCases,
  ...boundCases,
  ...planeCases,
  ...otherKindCases,
];
