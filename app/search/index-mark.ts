import { createHash } from 'node:crypto';
import type { Policies } from '../policies/schema.js';

export type IndexSettings = NonNullable<Policies['encryption']>;

const DEFAULT: IndexSettings = { index: 'keyword', clearMetadata: [] };
export const indexSettings = (policies: Policies): IndexSettings => policies.encryption ?? DEFAULT;

/** Raised when what is stored for a search changes its form: every row is then indexed again. */
const FORM = 1;

/**
 * What a row was indexed by. A row that carries another mark was written under other settings, or before there were any:
 * until it is indexed again no query trusts what is stored beside it. Never 0, which is the mark of rows without an index.
 */
export const indexMark = (settings: IndexSettings): number => {
  const known = marks.get(settings);
  if (known !== undefined) return known;
  const mark = markOf(settings);
  marks.set(settings, mark);
  return mark;
};

/** Every row carries one, and settings seldom change. */
const marks = new WeakMap<IndexSettings, number>();

const markOf = ({ index, clearMetadata }: IndexSettings): number => {
  const settings = JSON.stringify([FORM, index, [...new Set(clearMetadata)].sort()]);
  return (createHash('sha256').update(settings).digest().readUInt32BE(0) >>> 1) | 1;
};
