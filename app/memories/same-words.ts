import type { Queryable } from '../db/pool.js';
import { termsOf } from '../sealing/terms.js';
import type { Vault } from '../tenancy/vault.js';
import { isFiller } from './same-statement.js';
import type { PreparedRow } from './write-context.js';

/** More words than these hardly any two statements share by chance, and a longer list only takes longer. */
const MAX_TERMS = 12;
/** Of those that share them all: what is said again and again is there in some earlier words too. */
const CANDIDATES = 8;

/**
 * Memories of the same owner that hold all words of a draft, or state the same fact: also those whose vector is not made
 * yet, and those that another case has moved away in the model ("Same Words!" and "same words" are 0.44 alike). By the keyed
 * tokens that searches use, so nothing without an index of words.
 */
export const findSameWords = async (
  { db, vault }: { readonly db: Queryable; readonly vault: Vault },
  rows: readonly PreparedRow[],
): Promise<ReadonlyMap<PreparedRow, readonly string[]>> => {
  const asked = rows.map((prepared, n) => describe(vault, prepared, n));
  const sought = asked.filter(({ tokens, fact }) => tokens !== null || fact !== null);
  if (sought.length === 0) return new Map();
  const { rows: found } = await db.query<{ readonly n: number; readonly id: string }>(SOUGHT, [JSON.stringify(sought)]);
  const ids = new Map<PreparedRow, string[]>();
  for (const { n, id } of found) {
    const prepared = rows[n];
    if (prepared) ids.set(prepared, [...(ids.get(prepared) ?? []), id]);
  }
  return ids;
};

const describe = (vault: Vault, { row, planned: { content } }: PreparedRow, n: number) => {
  const terms = [...termsOf(content.content)].filter((term) => !isFiller(term)).slice(0, MAX_TERMS);
  const isIndexed = row.search_tokens !== null && terms.length > 0;
  return {
    ...{ n, slot: row.slot, scope: row.scope },
    ...{ person: row.user_ref, team: row.team_ref, organization: row.organization_ref },
    // Null matches nothing; an empty list would be contained in every row's.
    tokens: isIndexed ? [...vault.searchTokens(row.slot, terms)] : null,
    fact: row.fact_token?.toString('hex') ?? null,
    object: row.object_token?.toString('hex') ?? null,
  };
};

const OWN = `slot = sought.slot AND scope = sought.scope AND status = 0 AND (expires_at IS NULL OR expires_at > now())
  AND user_ref IS NOT DISTINCT FROM sought.person AND team_ref IS NOT DISTINCT FROM sought.team
  AND organization_ref IS NOT DISTINCT FROM sought.organization`;

// The fences (OFFSET 0) keep the tokens and the fact the way in, whatever the planner thinks of the rest.
const SOUGHT = `
  SELECT sought.n, same.id
  FROM jsonb_to_recordset($1::jsonb) AS sought
    (n integer, slot integer, scope smallint, person uuid, team uuid, organization uuid, tokens integer[], fact text, object text)
  CROSS JOIN LATERAL (
    (SELECT id FROM (SELECT * FROM memories WHERE search_tokens @> sought.tokens OFFSET 0) AS memories
     WHERE ${OWN} LIMIT ${CANDIDATES})
    UNION ALL
    (SELECT id FROM (SELECT * FROM memories WHERE fact_token = decode(sought.fact, 'hex') OFFSET 0) AS memories
     WHERE object_token = decode(sought.object, 'hex') AND ${OWN} LIMIT ${CANDIDATES})
  ) AS same`;
