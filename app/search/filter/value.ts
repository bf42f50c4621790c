import { UUID } from '../../http/validate.js';
import type { Field } from './fields.js';
import type { Scalar } from './tree.js';

/** A value that a filter names, in the form that it is compared in; or what is wrong with it. */
export type ReadValue = { readonly ok: true; readonly value: Scalar } | { readonly ok: false; readonly wanted: string };

const IS_UUID = new RegExp(UUID);
const IS_TIME = /^(\d{4})-(\d{2})-(\d{2})([Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2}))?$/;
export const MAX_TEXT = 4_096;

const ok = (value: Scalar): ReadValue => ({ ok: true, value });
const wanted = (what: string): ReadValue => ({ ok: false, wanted: what });

export const readFilterValue = ({ storage }: Field, value: unknown): ReadValue => {
  switch (storage.kind) {
    case 'uuid':
      return typeof value === 'string' && IS_UUID.test(value) ? ok(value.toLowerCase()) : wanted('a UUID');
    case 'boolean':
      return typeof value === 'boolean' ? ok(value) : wanted('true or false');
    case 'number':
      return typeof value === 'number' ? ok(value) : wanted('a number');
    case 'time':
      return readInstant(value);
    case 'choice':
      return typeof value === 'string' && storage.choices.includes(value)
        ? ok(value)
        : wanted(`one of ${storage.choices.join(', ')}`);
    case 'namespace':
    case 'namespacePrefix':
      return readNamespace(value);
    case 'metadata':
      return isScalar(value) ? ok(value) : wanted(`a text of at most ${MAX_TEXT} characters, a number, true or false`);
    default:
      return typeof value === 'string' && value.length <= MAX_TEXT
        ? ok(value)
        : wanted(`a text of at most ${MAX_TEXT} characters`);
  }
};

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'string' && value.length <= MAX_TEXT);

/** Milliseconds since 1970, as rows keep them. A day alone begins at midnight UTC. */
const readInstant = (value: unknown): ReadValue => {
  const match = typeof value === 'string' ? IS_TIME.exec(value) : null;
  const instant = match ? new Date((value as string).toUpperCase()).getTime() : Number.NaN;
  const [year, month, day] = (match ?? []).slice(1, 4).map(Number);
  const lastDay = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  return Number.isNaN(instant) || (year ?? 0) < 1 || (day ?? 0) > lastDay
    ? wanted('a time as 2026-01-31T12:00:00Z, or a day')
    : ok(instant);
};

/** As in a query: its parts joined by dots. */
const readNamespace = (value: unknown): ReadValue => {
  const joined = Array.isArray(value) && value.every((part) => typeof part === 'string') ? value.join('.') : value;
  return typeof joined === 'string' && joined.length <= MAX_TEXT
    ? ok(joined)
    : wanted('a namespace as "a.b" or ["a","b"]');
};
