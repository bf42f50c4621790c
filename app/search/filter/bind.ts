import type { Memory } from '../../memories/schema.js';
import type { Policies } from '../../policies/schema.js';
import { indexSettings } from '../index-mark.js';
import { type CompileContext, type CompiledFilter, compileFilter } from './compile.js';
import { matchesFilter } from './match.js';
import type { Filter } from './tree.js';

export interface BoundFilter extends CompiledFilter {
  /** Decides where the condition is not exact. */
  matches(memory: Memory): boolean;
}

type BindDeps = Omit<CompileContext, 'settings' | 'slots'> & { readonly policies: () => Policies };

/** A parsed filter, ready for the rows of these slots (`null`: anybody's). */
export const bindFilter = async (
  deps: BindDeps,
  filter: Filter | undefined,
  slots: CompileContext['slots'],
): Promise<BoundFilter> => ({
  ...(await compileFilter({ ...deps, settings: indexSettings(deps.policies()), slots }, filter)),
  matches: (memory) => filter === undefined || matchesFilter(filter, memory),
});
