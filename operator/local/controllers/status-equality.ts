import { isDeepStrictEqual } from 'node:util';

/** Whether two statuses say the same. Servers drop what is zero, false or empty, so that counts as unsaid. */
export const isSameStatus = (a: unknown, b: unknown): boolean => isDeepStrictEqual(said(a), said(b));

function said(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(said);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => !isUnsaid(field));
  return Object.fromEntries(fields.map(([name, field]) => [name, said(field)]));
}

const isUnsaid = (value: unknown): boolean =>
  value === undefined || value === null || value === 0 || value === '' || value === false || isEmptyList(value);

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
