import type { TSchema } from '@sinclair/typebox';
import type { ProblemDocument } from './errors.js';

/** How errors are told on the paths of another protocol, whose clients read no problem documents. */
export interface Dialect {
  readonly name: string;
  /** Of an error's body, for /openapi.json. */
  readonly schema: TSchema;
  /** Whether this path, as it was asked for, is the protocol's: known before anybody has found a route. */
  speaks(path: string): boolean;
  render(problem: ProblemDocument): { readonly status: number; readonly body: object };
}
