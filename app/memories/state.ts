import { Type } from '@sinclair/typebox';
import type { Json } from '../http/json.js';
import type { RowContent } from '../sealing/index.js';
import { roundFloat } from './round-float.js';
import type { MemoryRow } from './rows.js';
import { DraftSchema } from './schema.js';
import { formatOptionalTime } from './time.js';

/** What a client may change of a memory: all that a patch and its history are about. */
export const STATE_FIELDS = [
  'content',
  'subject',
  'predicate',
  'object',
  'confidence',
  'importance',
  'metadata',
  'source',
  'expires_at',
  'valid_from',
  'valid_to',
] as const;

/** What happens to a memory; stored as positions in this list, so that new ones go to its end. */
export const EVENTS = [
  'add',
  'update',
  'delete',
  'supersede',
  'hold',
  'restore',
  'release',
  'feedback',
  'expire',
  'forget',
  'review',
] as const;
export type HistoryEvent = (typeof EVENTS)[number];

export interface MemoryState {
  readonly content: string;
  readonly subject: string | null;
  readonly predicate: string | null;
  readonly object: string | null;
  readonly confidence: number;
  readonly importance: number;
  readonly metadata: { readonly [key: string]: Json };
  readonly source: Json;
  readonly expires_at: string | null;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
}

/** The whole of it, as it must be after a patch. There are contents of white space from before it was refused. */
export const StateSchema = Type.Object(
  {
    ...Type.Pick(DraftSchema, [...STATE_FIELDS]).properties,
    content: Type.String({ minLength: 1, maxLength: 100_000 }),
  },
  { additionalProperties: false },
);

export type StateColumns = Pick<MemoryRow, 'confidence' | 'importance' | 'expires_at' | 'valid_from' | 'valid_to'>;

export const buildState = (row: StateColumns, content: RowContent): MemoryState => ({
  content: content.content,
  subject: content.subject,
  predicate: content.predicate,
  object: content.object,
  confidence: roundFloat(row.confidence),
  importance: roundFloat(row.importance),
  metadata: content.metadata,
  source: content.source,
  expires_at: formatOptionalTime(row.expires_at),
  valid_from: formatOptionalTime(row.valid_from),
  valid_to: formatOptionalTime(row.valid_to),
});
