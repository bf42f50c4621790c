import {
  array,
  bool,
  bytea,
  type Column,
  column,
  copyStep,
  float4,
  INT4_OID,
  int2,
  int4,
  int8,
  jsonb,
  nullable,
  TEXT_OID,
  text,
  timestamp,
  UUID_OID,
  uuid,
} from '../db/copy-binary.js';
import { fly, type Step } from '../db/flight.js';
import type { Transaction } from '../db/pool.js';
import type { SearchColumns } from '../search/search-columns.js';

/** A row of `memories`, as stored. Small integers are positions in the lists of schema.ts. */
export interface MemoryRow {
  readonly id: string;
  readonly version: number;
  readonly slot: number;
  readonly sealed: boolean;
  readonly envelope: Buffer;
  readonly content_hash: Buffer;
  readonly user_ref: string | null;
  readonly agent_ref: string | null;
  readonly session_ref: string | null;
  readonly app_ref: string | null;
  readonly team_ref: string | null;
  readonly organization_ref: string | null;
  readonly scope: number;
  readonly status: number;
  readonly vector_status: number;
  readonly confidence: number;
  readonly importance: number;
  readonly source_kind: number;
  readonly trust_class: number;
  readonly trust_score: number;
  readonly legal_hold: boolean;
  readonly contradictions: number;
  /** Of this list and the three others null is none: that takes no room. */
  readonly pii: readonly string[] | null;
  readonly pii_counts: readonly number[] | null;
  readonly supersedes: readonly string[] | null;
  readonly superseded_by: string | null;
  readonly evidence: readonly string[] | null;
  readonly expires_at: Date | null;
  readonly valid_from: Date | null;
  readonly valid_to: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** The API key that wrote version 1. */
  readonly created_by: string | null;
  readonly key_token: Buffer | null;
  readonly sealed_key: Buffer | null;
  /** What it states, as keyed hashes; see facts.ts. */
  readonly fact_token: Buffer | null;
  readonly object_token: Buffer | null;
  /** The audit event that this version came with. */
  readonly audit_event: string | null;
  /** Of what decides about the row, see row-mac.ts; null when the version before wrote it last. */
  readonly mac: Buffer | null;
}

/** A new row as it will be read. What contradicts it and what takes its place the table says by its defaults. */
export type NewMemoryRow = Omit<MemoryRow, 'mac'> & SearchColumns;

export const VECTOR_PENDING = 0;
export const VECTOR_SUCCEEDED = 1;
export const VECTOR_FAILED = 2;
export const VECTOR_SKIPPED = 3;
export const STATUS_ACTIVE = 0;
export const STATUS_QUARANTINED = 1;
export const STATUS_SUPERSEDED = 2;
export const STATUS_EXPIRED = 3;
export const STATUS_FORGOTTEN = 4;

const ref = (
  name: 'user_ref' | 'agent_ref' | 'session_ref' | 'app_ref' | 'team_ref' | 'organization_ref',
): Column<NewMemoryRow> => column(name, nullable(uuid), (row) => row[name]);
const small = (name: 'scope' | 'status' | 'vector_status' | 'source_kind' | 'trust_class'): Column<NewMemoryRow> =>
  column(name, int2, (row) => row[name]);
const time = (name: 'expires_at' | 'valid_from' | 'valid_to' | 'created_at' | 'updated_at'): Column<NewMemoryRow> =>
  column(name, nullable(timestamp), (row) => row[name]);

/** As it is stored: an empty list takes 13 bytes of every row. */
export const keptList = <T>(values: readonly T[] | null): readonly T[] | null => (values?.length ? values : null);

const MEMORY_COLUMNS: readonly Column<NewMemoryRow>[] = [
  column('id', uuid, (row) => row.id),
  column('version', int4, (row) => row.version),
  column('slot', int8, (row) => row.slot),
  column('sealed', bool, (row) => row.sealed),
  column('envelope', bytea, (row) => row.envelope),
  column('content_hash', bytea, (row) => row.content_hash),
  column('pii', nullable(array(TEXT_OID, text)), (row) => keptList(row.pii)),
  column('pii_counts', nullable(array(INT4_OID, int4)), (row) => keptList(row.pii_counts)),
  ...(['user_ref', 'agent_ref', 'session_ref', 'app_ref', 'team_ref', 'organization_ref'] as const).map(ref),
  ...(['scope', 'status', 'vector_status', 'source_kind', 'trust_class'] as const).map(small),
  ...(['confidence', 'importance', 'trust_score'] as const).map((name) =>
    column<NewMemoryRow, number>(name, float4, (row) => row[name]),
  ),
  ...(['expires_at', 'valid_from', 'valid_to', 'created_at', 'updated_at'] as const).map(time),
  column('created_by', nullable(uuid), (row) => row.created_by),
  column('key_token', nullable(bytea), (row) => row.key_token),
  column('sealed_key', nullable(bytea), (row) => row.sealed_key),
  column('fact_token', nullable(bytea), (row) => row.fact_token),
  column('object_token', nullable(bytea), (row) => row.object_token),
  column('legal_hold', bool, (row) => row.legal_hold),
  column('audit_event', nullable(uuid), (row) => row.audit_event),
  column('search_tokens', nullable(array(INT4_OID, int4)), (row) => row.search_tokens),
  column('clear_metadata', nullable(jsonb), (row) => row.clear_metadata),
  column('index_mark', int4, (row) => row.index_mark),
  column('supersedes', nullable(array(UUID_OID, uuid)), (row) => keptList(row.supersedes)),
  column('evidence', nullable(array(UUID_OID, uuid)), (row) => keptList(row.evidence)),
];

export interface NewVectorRow {
  readonly memory_id: string;
  readonly version: number;
  readonly slot: number;
  readonly partition: string;
  readonly model: string;
  readonly sealed: boolean;
  readonly vector: Buffer;
}

const VECTOR_COLUMNS: readonly Column<NewVectorRow>[] = [
  column('memory_id', uuid, (row) => row.memory_id),
  column('version', int4, (row) => row.version),
  column('slot', int8, (row) => row.slot),
  column('partition', uuid, (row) => row.partition),
  column('model', text, (row) => row.model),
  column('sealed', bool, (row) => row.sealed),
  column('vector', bytea, (row) => row.vector),
];

export interface NewOutboxRow {
  readonly kind: number;
  readonly memory_id: string;
  readonly version: number;
}
export const OUTBOX_EMBED = 1;

const OUTBOX_COLUMNS: readonly Column<NewOutboxRow>[] = [
  column('kind', int2, (row) => row.kind),
  column('memory_id', uuid, (row) => row.memory_id),
  column('version', int4, (row) => row.version),
];

const copyRows = async <Row>(
  transaction: Transaction,
  rows: readonly Row[],
  step: (rows: readonly Row[]) => Step,
): Promise<void> => {
  if (rows.length > 0) await fly(transaction, [step(rows)]);
};

/** Each with the MAC of what it is now. */
export const memoryStep = (rows: readonly NewMemoryRow[], mac: (row: NewMemoryRow) => Buffer): Step =>
  copyStep('memories', [...MEMORY_COLUMNS, column('mac', bytea, mac)], rows);
export const vectorStep = (rows: readonly NewVectorRow[]): Step => copyStep('vectors', VECTOR_COLUMNS, rows);
export const outboxStep = (rows: readonly NewOutboxRow[]): Step => copyStep('outbox', OUTBOX_COLUMNS, rows);

export const copyMemories = (
  transaction: Transaction,
  rows: readonly NewMemoryRow[],
  mac: (row: NewMemoryRow) => Buffer,
): Promise<void> => copyRows(transaction, rows, (some) => memoryStep(some, mac));
export const copyVectors = (transaction: Transaction, rows: readonly NewVectorRow[]): Promise<void> =>
  copyRows(transaction, rows, vectorStep);
export const copyOutbox = (transaction: Transaction, rows: readonly NewOutboxRow[]): Promise<void> =>
  copyRows(transaction, rows, outboxStep);
