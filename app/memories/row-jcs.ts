import type { MemoryRow } from './rows.js';
import { formatTime } from './time.js';

/**
 * What of a memory decides what somebody is shown and what the service does with it. Left out are what many rows share and
 * writers recount (contradictions), what only says how far work has got (vector_status), and what is made from the sealed
 * words for the index and asked of them again before an answer (search tokens, metadata in clear).
 */
export const MARKED = [
  ...(['agent_ref', 'app_ref', 'audit_event', 'confidence', 'content_hash', 'created_at', 'created_by'] as const),
  ...(['envelope', 'evidence', 'expires_at', 'fact_token', 'id', 'importance', 'key_token', 'legal_hold'] as const),
  ...(['object_token', 'organization_ref', 'pii', 'pii_counts', 'scope', 'sealed', 'sealed_key'] as const),
  ...(['session_ref', 'slot', 'source_kind', 'status', 'superseded_by', 'supersedes', 'team_ref'] as const),
  ...(['trust_class', 'trust_score', 'updated_at', 'user_ref', 'valid_from', 'valid_to', 'version'] as const),
] as const satisfies readonly (keyof MemoryRow)[];

export type Marked = Pick<MemoryRow, (typeof MARKED)[number]>;
export type MarkedRow = Marked & Pick<MemoryRow, 'mac'>;

/**
 * What is believed of rows without a MAC, and of those whose MAC is of version 1 and binds less. Nobody knows at the very
 * start; both while a database gets its first MACs; those of version 1 alone while it gets those of version 2; then neither.
 */
export type Marking = 'unknown' | 'running' | 'upgrading' | 'done';

/** Of a sealed row the seal itself binds the words, so they can stay where they are. */
export const MARKED_COLUMNS = MARKED.map((name) =>
  name === 'envelope' ? `CASE WHEN sealed THEN ''::bytea ELSE envelope END AS envelope` : name,
).join(', ');

/**
 * JCS of the columns that say something, written out, so that it costs 1 µs where the general way takes 15: what is null,
 * empty or false is left out. Every value is a number, a truth, a time, or text of ids and base64 that needs no escapes. A
 * score counts as the single-precision number that the column keeps.
 */
export const markedJcs = (row: Marked): string =>
  `{${told('agent_ref', row.agent_ref)}${told('app_ref', row.app_ref)}${told('audit_event', row.audit_event)}` +
  `"confidence":${Math.fround(row.confidence)},"content_hash":${bytes(row.content_hash)}` +
  `,"created_at":${time(row.created_at)},${told('created_by', row.created_by)}` +
  `${row.sealed ? '' : base64('envelope', row.envelope)}${list('evidence', row.evidence)}` +
  `${when('expires_at', row.expires_at)}${base64('fact_token', row.fact_token)}"id":"${row.id}"` +
  `,"importance":${Math.fround(row.importance)},${base64('key_token', row.key_token)}` +
  `${row.legal_hold ? '"legal_hold":true,' : ''}${base64('object_token', row.object_token)}` +
  `${told('organization_ref', row.organization_ref)}${list('pii', row.pii)}${list('pii_counts', row.pii_counts)}` +
  `"scope":${row.scope}${row.sealed ? ',"sealed":true' : ''},${base64('sealed_key', row.sealed_key)}` +
  `${told('session_ref', row.session_ref)}"slot":${row.slot},"source_kind":${row.source_kind},"status":${row.status}` +
  `,${told('superseded_by', row.superseded_by)}${list('supersedes', row.supersedes)}${told('team_ref', row.team_ref)}` +
  `"trust_class":${row.trust_class},"trust_score":${Math.fround(row.trust_score)}` +
  `,"updated_at":${time(row.updated_at)},${told('user_ref', row.user_ref)}${when('valid_from', row.valid_from)}` +
  `${when('valid_to', row.valid_to)}"version":${row.version}}`;

const told = (name: string, text: string | null): string => (text === null ? '' : `"${name}":"${text}",`);
const base64 = (name: string, value: Buffer | null): string => (value === null ? '' : `"${name}":${bytes(value)},`);
const when = (name: string, value: Date | null): string => (value === null ? '' : `"${name}":${time(value)},`);
const list = (name: string, values: readonly (string | number)[] | null): string =>
  !values?.length ? '' : `"${name}":${JSON.stringify(values)},`;

/** The columns of version 1 of the MAC, which bound owner, trust and hold alone. */
export const markedJcs1 = (row: Marked): string =>
  `{"agent_ref":${quote(row.agent_ref)},"app_ref":${quote(row.app_ref)},"id":"${row.id}"` +
  `,"key_token":${bytes(row.key_token)},"legal_hold":${row.legal_hold}` +
  `,"organization_ref":${quote(row.organization_ref)},"scope":${row.scope}` +
  `,"sealed":${row.sealed},"session_ref":${quote(row.session_ref)},"slot":${row.slot}` +
  `,"source_kind":${row.source_kind},"status":${row.status},"team_ref":${quote(row.team_ref)}` +
  `,"trust_class":${row.trust_class},"trust_score":${Math.fround(row.trust_score)}` +
  `,"user_ref":${quote(row.user_ref)},"version":${row.version}}`;

export const quote = (text: string | null): string => (text === null ? 'null' : `"${text}"`);
const bytes = (value: Buffer | null): string => (value === null ? 'null' : `"${value.toString('base64')}"`);
let last = { at: Number.NaN, text: '' };
/** The rows of a batch share their times. What is no time of ours, as `infinity` is none, has a text that no MAC is of. */
export const time = (value: Date | null): string => {
  if (value === null) return 'null';
  const at = Number(value);
  if (at === last.at) return last.text;
  if (!Number.isFinite(at)) return '"never"';
  last = { at, text: `"${formatTime(value)}"` };
  return last.text;
};
