import type { Queryable } from '../db/pool.js';
import { type RowContent, SealError } from '../sealing/index.js';
import type { People } from '../tenancy/people.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { type MemoryKey, openKey } from './key.js';
import { roundFloat } from './round-float.js';
import type { RowMarks } from './row-mac.js';
import type { MemoryRow, NewMemoryRow } from './rows.js';
import { type Memory, SCOPES, SOURCE_KINDS, STATUSES, TRUST_CLASSES, VECTOR_STATUSES } from './schema.js';
import { selectVectors } from './store.js';
import { formatOptionalTime, formatTime } from './time.js';

export interface Presenter {
  /** Rows as clients see them, in the same order. Those of erased people, and those that were tampered with, are left out. */
  present(db: Queryable, rows: readonly MemoryRow[], include: { readonly vector: boolean }): Promise<readonly Memory[]>;
  open(row: MemoryRow): RowContent | undefined;
  /** A row that is being written now, of which nothing needs to be opened. */
  describe(db: Queryable, row: NewMemoryRow, content: RowContent): Promise<Memory>;
  /** Why a row is left out: nobody can open it any more, or it was changed behind the service. */
  absence(row: MemoryRow): 'erased' | 'tampered';
}

const REFS = ['user_ref', 'agent_ref', 'session_ref', 'app_ref', 'team_ref', 'organization_ref'] as const;

const refsOf = (row: Pick<MemoryRow, (typeof REFS)[number]>): readonly string[] =>
  REFS.flatMap((name) => row[name] ?? []);

export const createPresenter = (vault: Vault, people: People, marks: RowMarks): Presenter => {
  const open = (row: MemoryRow): RowContent | undefined => {
    try {
      return openContent(vault, row);
    } catch (cause) {
      if (isErased(cause)) return undefined;
      if (!(cause instanceof SealError)) throw cause;
      marks.report(row);
      return undefined;
    }
  };
  const present = (row: MemoryRow, names: ReadonlyMap<string, string>): Memory | undefined => {
    const content = open(row);
    const key = content && keyOf(vault, row);
    if (key === 'tampered') marks.report(row);
    return content && key && key !== 'tampered' ? buildMemory(row, content, names, key) : undefined;
  };
  return {
    open,
    describe: async (db, row, content) => {
      const names = await people.names(db, refsOf(row));
      return buildMemory(row, content, names, openKey(vault, row));
    },
    absence: (row) => (marks.verify(row) && isGone(vault, row) ? 'erased' : 'tampered'),
    present: async (db, found, include) => {
      await vault.prepare([]);
      const rows = marks.genuine(found);
      await vault.prepare(rows.map(({ slot }) => slot));
      const names = await people.names(db, rows.flatMap(refsOf));
      const vectors = include.vector ? await loadVectors(db, vault, rows) : new Map<string, readonly number[]>();
      return rows.flatMap((row) => {
        const memory = present(row, names);
        if (!memory) return [];
        const embedding = vectors.get(row.id);
        return [{ ...memory, ...(embedding ? { embedding: [...embedding] } : {}) }];
      });
    },
  };
};

const openContent = (vault: Vault, row: MemoryRow): RowContent => {
  const place = { slot: row.slot, table: 'memories', rowId: row.id, version: row.version };
  return vault.openRow(place, { sealed: row.sealed, bytes: row.envelope });
};

const isGone = (vault: Vault, row: MemoryRow): boolean => {
  try {
    openContent(vault, row);
    return false;
  } catch (cause) {
    return isErased(cause);
  }
};

const keyOf = (vault: Vault, row: MemoryRow): MemoryKey | 'tampered' => {
  try {
    return openKey(vault, row);
  } catch (cause) {
    if (cause instanceof SealError) return 'tampered';
    throw cause;
  }
};

const loadVectors = async (
  db: Queryable,
  vault: Vault,
  rows: readonly MemoryRow[],
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const stored = await selectVectors(
    db,
    rows.map(({ id }) => id),
  );
  return new Map(
    stored.map((row) => {
      const place = { slot: row.slot, table: 'vectors', rowId: row.memory_id, version: row.version };
      return [row.memory_id, [...vault.openVector(place, { sealed: row.sealed, bytes: row.vector })]];
    }),
  );
};

type Row = NewMemoryRow | MemoryRow;
type Names = ReadonlyMap<string, string>;

const nameOf = (names: Names, ref: string | null): string | null => (ref === null ? null : (names.get(ref) ?? null));

/** Member by member: an object of this size with others spread into it takes as long to make as its vector to seal. */
const buildMemory = (row: Row, content: RowContent, names: Names, { key, namespace }: MemoryKey): Memory => ({
  id: row.id,
  key,
  namespace: [...namespace],
  user_id: nameOf(names, row.user_ref),
  agent_id: nameOf(names, row.agent_ref),
  session_id: nameOf(names, row.session_ref),
  app_id: nameOf(names, row.app_ref),
  team_id: nameOf(names, row.team_ref),
  organization_id: nameOf(names, row.organization_ref),
  scope: SCOPES[row.scope] ?? 'user',
  content: content.content,
  content_hash: row.content_hash.toString('base64url'),
  subject: content.subject,
  predicate: content.predicate,
  object: content.object,
  confidence: roundFloat(row.confidence),
  importance: roundFloat(row.importance),
  metadata: { ...content.metadata },
  pii: [...(row.pii ?? [])],
  redactions: (row.pii ?? []).map((kind, index) => ({ kind, count: row.pii_counts?.[index] ?? 0 })),
  status: STATUSES[row.status] ?? 'active',
  legal_hold: row.legal_hold,
  expires_at: formatOptionalTime(row.expires_at),
  valid_from: formatOptionalTime(row.valid_from),
  valid_to: formatOptionalTime(row.valid_to),
  created_at: formatTime(row.created_at),
  updated_at: formatTime(row.updated_at),
  version: row.version,
  source: { kind: SOURCE_KINDS[row.source_kind] ?? 'api', ...(content.source as object) },
  trust: { class: TRUST_CLASSES[row.trust_class] ?? 'unknown', score: roundFloat(row.trust_score) },
  supersedes: [...(row.supersedes ?? [])],
  superseded_by: row.superseded_by,
  evidence: [...(row.evidence ?? [])],
  contradictions: row.contradictions,
  vector_status: VECTOR_STATUSES[row.vector_status] ?? 'pending',
});
