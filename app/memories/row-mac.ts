import { type Problem, problem } from '../http/errors.js';
import type { Vault } from '../tenancy/vault.js';
import { type MemoryRow, STATUS_ACTIVE, STATUS_EXPIRED } from './rows.js';

/** What of a memory decides who sees it, how far it is trusted, and whether it may go. */
export const MARKED = [
  ...(['agent_ref', 'app_ref', 'id', 'key_token', 'legal_hold', 'organization_ref', 'scope', 'sealed'] as const),
  ...(['session_ref', 'slot', 'source_kind', 'status', 'team_ref', 'trust_class', 'trust_score', 'user_ref'] as const),
  'version',
] as const satisfies readonly (keyof MemoryRow)[];

export type Marked = Pick<MemoryRow, (typeof MARKED)[number]>;
export type MarkedRow = Marked & Pick<MemoryRow, 'mac'>;

/**
 * JCS of the columns, written out: 0.1 µs where the general way takes 8. Every value is a number, a truth, or text of ids and
 * base64 that needs no escapes. A score counts as the single-precision number that the column keeps.
 */
export const markedJcs = (row: Marked): string =>
  `{"agent_ref":${quote(row.agent_ref)},"app_ref":${quote(row.app_ref)},"id":"${row.id}"` +
  `,"key_token":${quote(row.key_token === null ? null : row.key_token.toString('base64'))}` +
  `,"legal_hold":${row.legal_hold},"organization_ref":${quote(row.organization_ref)},"scope":${row.scope}` +
  `,"sealed":${row.sealed},"session_ref":${quote(row.session_ref)},"slot":${row.slot}` +
  `,"source_kind":${row.source_kind},"status":${row.status},"team_ref":${quote(row.team_ref)}` +
  `,"trust_class":${row.trust_class},"trust_score":${Math.fround(row.trust_score)}` +
  `,"user_ref":${quote(row.user_ref)},"version":${row.version}}`;

const quote = (text: string | null): string => (text === null ? 'null' : `"${text}"`);

/** Whether rows without a MAC are refused; while an upgrade is at work they are not, and nobody knows at the very start. */
export type Marking = 'unknown' | 'running' | 'done';

export interface RowMarksOptions {
  readonly vault: Pick<Vault, 'rowMacOfJcs' | 'verifyRowMacOfJcs'>;
  readonly onForged: (row: MarkedRow) => void;
}

/** Tells rows that this service wrote as they are from rows that somebody changed in the database. */
export interface RowMarks {
  mac(row: Marked): Buffer;
  /** The keys of the tenant must be prepared. */
  verify(row: MarkedRow): boolean;
  /** The same, and what is forged is told, once. */
  isGenuine(row: MarkedRow): boolean;
  /** What else shows that a row was changed: it opens nowhere but where it was sealed. */
  report(row: MarkedRow): void;
  genuine<T extends MarkedRow>(rows: readonly T[]): readonly T[];
  /** Throws `memory_tampered`. */
  demand(row: MarkedRow): void;
  follow(marking: Marking): void;
}

export const createRowMarks = ({ vault, onForged }: RowMarksOptions): RowMarks => {
  let marking: Marking = 'unknown';
  const fits = (row: Marked, mac: Buffer): boolean => vault.verifyRowMacOfJcs('memories', markedJcs(row), mac);
  const verify = (row: MarkedRow): boolean => {
    const { mac } = row;
    if (mac === null) return marking === 'running';
    // Whose time is over is read as expired, whether or not it was stored so: see EFFECTIVE_STATUS.
    return fits(row, mac) || (row.status === STATUS_EXPIRED && fits({ ...row, status: STATUS_ACTIVE }, mac));
  };
  const isGenuine = (row: MarkedRow): boolean => {
    if (verify(row)) return true;
    if (row.mac !== null || marking === 'done') onForged(row);
    return false;
  };
  return {
    mac: (row) => vault.rowMacOfJcs('memories', markedJcs(row)),
    verify,
    isGenuine,
    report: onForged,
    genuine: (rows) => rows.filter(isGenuine),
    demand: (row) => {
      if (!isGenuine(row)) throw tampered(row.id);
    },
    follow: (now) => {
      marking = now;
    },
  };
};

export const tampered = (id: string): Problem =>
  problem('memory_tampered', `The row of the memory ${id} is not as this service wrote it.`);
