import type { Queryable } from '../db/pool.js';
import type { RowContent } from '../sealing/index.js';
import type { Vault } from '../tenancy/vault.js';
import { partitionOf } from './partition-of.js';
import { divideStatement } from './question.js';
import type { MemoryRow } from './rows.js';
import { lockStripes } from './stripes.js';

type Owned = Pick<MemoryRow, 'slot' | 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;
export type FactTokens = Pick<MemoryRow, 'fact_token' | 'object_token'>;

/**
 * What a memory states, as keyed hashes: rows of one owner that answer the same question (mostly: with the same subject and
 * predicate) find each other, sealed as they are. Case, width and the spaces around a word make no other statement.
 */
export const factTokensOf = (
  vault: Vault,
  row: Owned,
  { subject, predicate, object }: Pick<RowContent, 'subject' | 'predicate' | 'object'>,
): FactTokens => {
  if (!subject || !predicate || !object) return { fact_token: null, object_token: null };
  const owner = [row.scope, partitionOf(row)];
  const token = (kind: string, parts: readonly unknown[]): Buffer =>
    // No content holds U+0000, so that no content has the hash of a fact.
    vault.contentHash(row.slot, `${kind}\0${JSON.stringify([...owner, ...parts])}`);
  const { question, answer } = divideStatement(normalise(subject), normalise(predicate), normalise(object));
  return { fact_token: token('fact', question), object_token: token('object', [...question, answer]) };
};

const normalise = (word: string): string => word.normalize('NFKC').trim().toLowerCase();

/**
 * Counts for each row of these facts how many others say something else. Under a lock of the facts until the transaction
 * ends: of two writers at once, the second must see the first.
 */
export const recountContradictions = async (
  transaction: Queryable,
  rows: readonly Pick<FactTokens, 'fact_token'>[],
): Promise<void> => {
  const tokens = [
    ...new Map(rows.flatMap(({ fact_token: token }) => (token ? [[token.toString('hex'), token]] : []))).values(),
  ];
  if (tokens.length === 0) return;
  await lockStripes(transaction, 'fact', tokens);
  await transaction.query(RECOUNT, [tokens]);
};

const CURRENT = `status = 0 AND (expires_at IS NULL OR expires_at > now()) AND (valid_to IS NULL OR valid_to > now())`;

const RECOUNT = `
  WITH said AS (
    SELECT fact_token, object_token, count(*) AS n FROM memories
    WHERE fact_token = ANY ($1::bytea[]) AND ${CURRENT} GROUP BY fact_token, object_token
  ), total AS (
    SELECT fact_token, sum(n) AS n FROM said GROUP BY fact_token
  ), counted AS (
    SELECT id, CASE WHEN ${CURRENT} THEN coalesce(total.n - said.n, 0) ELSE 0 END AS n
    FROM memories LEFT JOIN said USING (fact_token, object_token) LEFT JOIN total USING (fact_token)
    WHERE fact_token = ANY ($1::bytea[])
  )
  UPDATE memories SET contradictions = counted.n FROM counted
  WHERE memories.id = counted.id AND contradictions <> counted.n`;
