import { problemAt } from '../memories/plan.js';
import type { Scope } from '../memories/schema.js';
import type { ToolContext } from './tool.js';

/** A tool names no team: what is written for one is written for the one that the credential belongs to. */
export const nameScopeOwner = async (
  { deps, caller }: ToolContext,
  scope: Scope | undefined,
): Promise<Readonly<Record<string, string>>> => {
  if (scope !== 'team' && scope !== 'organization') return scope === undefined ? {} : { scope };
  const { teamRefs, organizationRefs } = caller.principal;
  const refs = scope === 'team' ? teamRefs : organizationRefs;
  const [name, ...others] = (await deps.people.names(deps.db, refs)).values();
  if (name !== undefined && others.length === 0) return { scope, [`${scope}_id`]: name };
  const how = name === undefined ? 'belongs to none' : 'belongs to several';
  throw problemAt('invalid_scope', '/scope', `The scope ${scope} needs a key of one ${scope}; this one ${how}.`);
};
