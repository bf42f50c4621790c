import type { Database } from '../db/pool.js';
import { startLoop } from '../loop.js';
import { openKey } from '../memories/key.js';
import type { Policies } from '../policies/schema.js';
import { SealError } from '../sealing/index.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { indexMark, indexSettings } from './index-mark.js';
import { indexNextRows, type StaleRow } from './indexer-store.js';
import { buildSearchColumns, type SearchColumns } from './search-columns.js';

export interface IndexerOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly policies: () => Policies;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** @default 5000 */
  readonly intervalMs?: number;
}

export interface Indexer {
  /** Finishes the rows in hand. */
  stop(): Promise<void>;
}

/** Some 5 ms of opening and tokens: nobody notices, and rows stay locked shortly. */
const BATCH = 200;

/** Indexes rows of before there was an index, or before its settings were what they are. */
export const startIndexer = (options: IndexerOptions): Indexer => {
  const intervalMs = options.intervalMs ?? 5_000;
  return startLoop({
    turn: async () => ((await indexBatch(options)) < BATCH ? intervalMs : 0),
    onTrouble: (err) => options.log.warn({ err }, 'rows could not be indexed for search, will be tried again'),
    troubleMs: intervalMs,
  });
};

const indexBatch = async ({ db, vault, policies, log }: IndexerOptions): Promise<number> => {
  const settings = indexSettings(policies());
  const mark = indexMark(settings);
  const done = await indexNextRows(db, mark, BATCH, async (rows) => {
    await vault.prepare(rows.map(({ slot }) => slot));
    return new Map(rows.map((row) => [row.id, indexRow(vault, settings, mark, row)]));
  });
  if (done > 0) log.info({ rows: done }, 'rows indexed for search');
  return done;
};

const indexRow = (
  vault: Vault,
  settings: Parameters<typeof buildSearchColumns>[1],
  mark: number,
  row: StaleRow,
): SearchColumns => {
  try {
    const place = { slot: row.slot, table: 'memories', rowId: row.id, version: row.version };
    const content = vault.openRow(place, { sealed: row.sealed, bytes: row.envelope });
    return buildSearchColumns(vault, settings, { slot: row.slot, content, namespace: openKey(vault, row).namespace });
  } catch (cause) {
    // Nobody finds by a word what nobody can read; one such row must not keep the others waiting.
    if (isErased(cause) || cause instanceof SealError)
      return { search_tokens: null, clear_metadata: null, index_mark: mark };
    throw cause;
  }
};
