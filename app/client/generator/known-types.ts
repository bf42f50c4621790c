import { HistorySchema } from '../../memories/history.js';
import { DraftSchema, ListSchema, MemorySchema, ScopeSchema } from '../../memories/schema.js';
import { BatchSchema, WriteResultSchema } from '../../memories/write-schema.js';
import { ExplainSchema, SearchResultSchema } from '../../search/schema.js';
import type { Schema } from './print-type.js';

/** Types that appear in many operations, by the names that people know them by. The document writes each of them out. */
export const KNOWN_TYPES: Readonly<Record<string, Schema>> = JSON.parse(
  JSON.stringify({
    Memory: MemorySchema,
    Draft: DraftSchema,
    Scope: ScopeSchema,
    WriteResult: WriteResultSchema,
    Explain: ExplainSchema,
    FoundMemory: SearchResultSchema.properties.results.items,
    Batch: BatchSchema,
    MemoryPage: ListSchema,
    HistoryEntry: HistorySchema.properties.results.items,
  }),
);
