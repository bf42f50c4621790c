import { connectionProblem } from '../clients/postgres.js';
import { type Outcome, wait } from '../runtime/outcome.js';

/** Turns a failed query into what a condition says; throws what is no matter of reaching the database. */
export function describeDatabaseProblem(where: string, error: unknown): Outcome<never> {
  const kind = connectionProblem(error);
  if (kind === undefined) throw error;
  return kind === 'refused'
    ? wait(
        'DatabaseLoginRefused',
        `${where} refuses the login of the plane's adminSecretRef; correct the Secret`,
        15_000,
      )
    : wait('DatabaseUnreachable', `${where} does not answer; what runs keeps its last good state`, 5_000);
}
