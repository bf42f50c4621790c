import type { Json } from '../http/json.js';

export const REDACTION_KINDS = ['secret', 'email', 'card', 'phone'] as const;
export type RedactionKind = (typeof REDACTION_KINDS)[number];
export type RedactionCounts = ReadonlyMap<RedactionKind, number>;

/**
 * Bounded repetitions throughout: a hostile text of 100,000 characters costs milliseconds. They find what has the shape of
 * personal data in free text; they cannot find what has none.
 */
const PATTERNS: Readonly<Record<RedactionKind, RegExp>> = {
  secret:
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,10000}?-----END [A-Z ]{0,30}PRIVATE KEY-----|\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,200}|\bmb_[A-Za-z0-9_-]{43}\b|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,200}|\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}|\bgithub_pat_[A-Za-z0-9_]{20,200}|\bglpat-[A-Za-z0-9_-]{16,200}|\bxox[abeoprs]-[A-Za-z0-9-]{10,200}|\bAIza[A-Za-z0-9_-]{35}\b|\b(?:password|passwd|passphrase|secret|token|api[-_ ]?key)\b(?:\s{0,3}[:=]\s{0,3}\S{4,200}|\s{1,3}(?:is|was)\s{1,3}(?=\S{0,200}\d)(?=\S{0,200}[a-z])\S{4,200})/gi,
  email: /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
  card: /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d-])/g,
  phone: /(?<![\w+])(?:\+\d(?:[ ().-]{0,2}\d){7,14}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\w)/g,
};

/** Replaces what the policy names in every text of the value; numbers, keys and structure stay. */
export const redactJson = <T extends Json>(
  value: T,
  kinds: readonly RedactionKind[],
  counts: Map<RedactionKind, number>,
): T => {
  if (kinds.length === 0) return value;
  if (typeof value === 'string') return redactText(value, kinds, counts) as T;
  if (Array.isArray(value)) return value.map((item: Json) => redactJson(item, kinds, counts)) as unknown as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redactJson(item as Json, kinds, counts)]),
  ) as T;
};

/** What was redacted in a text before it came here. */
export const countMarks = (text: string, kinds: readonly RedactionKind[], counts: Map<RedactionKind, number>): void => {
  for (const kind of REDACTION_KINDS) {
    const found = kinds.includes(kind) ? text.split(`[${kind}]`).length - 1 : 0;
    if (found > 0) counts.set(kind, (counts.get(kind) ?? 0) + found);
  }
};

const redactText = (text: string, kinds: readonly RedactionKind[], counts: Map<RedactionKind, number>): string => {
  let redacted = text;
  // In the order of the list, whatever the policy's: a card must not be taken for a telephone number.
  for (const kind of REDACTION_KINDS) {
    if (!kinds.includes(kind)) continue;
    redacted = redacted.replace(PATTERNS[kind], (found) => {
      if (kind === 'card' && !passesLuhn(found)) return found;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return `[${kind}]`;
    });
  }
  return redacted;
};

/** The check digit that every card number has and nine in ten other numbers of that length have not. */
const passesLuhn = (text: string): boolean => {
  const digits = [...text.replace(/\D/g, '')].reverse().map(Number);
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
};
