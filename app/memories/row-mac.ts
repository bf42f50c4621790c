import { type Problem, problem } from '../http/errors.js';
import type { Vault } from '../tenancy/vault.js';
import { createHistoryMarks, type HistoryMarks } from './history-mac.js';
import type { HistoryRow } from './history-store.js';
import { type Marked, type MarkedRow, type Marking, markedJcs, markedJcs1 } from './row-jcs.js';
import { STATUS_ACTIVE, STATUS_EXPIRED } from './rows.js';

/** The first byte of what is stored; version 1 had none, and was shorter. */
const VERSION = 2;
const LENGTH_1 = 32;

export interface RowMarksOptions {
  readonly vault: Pick<Vault, 'rowMacOfJcs' | 'verifyRowMacOfJcs'>;
  readonly onForged: (row: MarkedRow) => void;
  readonly onForgedEvent: (event: HistoryRow) => void;
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
  /** The same of what happened to memories. */
  readonly history: HistoryMarks;
  /** While an upgrade is at work, new MACs are of version 1 until its end: the replicas of before can read no others. */
  follow(marking: Marking, settled?: Date): void;
}

export const createRowMarks = ({ vault, onForged, onForgedEvent }: RowMarksOptions): RowMarks => {
  let marking: Marking = 'unknown';
  let settledMs = 0;
  const fits = (row: Marked, mac: Buffer): boolean =>
    mac.length === LENGTH_1
      ? marking !== 'done' && vault.verifyRowMacOfJcs('memories', markedJcs1(row), mac)
      : mac[0] === VERSION && vault.verifyRowMacOfJcs('memories', markedJcs(row), mac.subarray(1));
  const verify = (row: MarkedRow): boolean => {
    const { mac } = row;
    if (mac === null) return marking === 'running';
    // Whose time is over is read as expired, whether or not it was stored so: see EFFECTIVE_STATUS.
    return fits(row, mac) || (isOver(row) && fits({ ...row, status: STATUS_ACTIVE }, mac));
  };
  const isGenuine = (row: MarkedRow): boolean => {
    if (verify(row)) return true;
    if (row.mac !== null || marking === 'done' || marking === 'upgrading') onForged(row);
    return false;
  };
  return {
    mac: (row) => {
      if (marking === 'upgrading' && Date.now() < settledMs) return vault.rowMacOfJcs('memories', markedJcs1(row));
      const mac = Buffer.allocUnsafe(LENGTH_1 + 1);
      mac[0] = VERSION;
      vault.rowMacOfJcs('memories', markedJcs(row)).copy(mac, 1);
      return mac;
    },
    verify,
    isGenuine,
    report: onForged,
    genuine: (rows) => rows.filter(isGenuine),
    demand: (row) => {
      if (!isGenuine(row)) throw tampered(row.id);
    },
    history: createHistoryMarks({ vault, onForged: onForgedEvent, marking: () => marking }),
    follow: (now, settled) => {
      marking = now;
      settledMs = settled?.getTime() ?? 0;
    },
  };
};

/** By this process's clock, which the database's may be ahead of by as much as clocks differ. */
const isOver = ({ status, expires_at }: Marked): boolean =>
  status === STATUS_EXPIRED && expires_at !== null && Number(expires_at) <= Date.now() + CLOCKS_DIFFER_MS;
const CLOCKS_DIFFER_MS = 60_000;

export const tampered = (id: string): Problem =>
  problem('memory_tampered', `The row of the memory ${id} is not as this service wrote it.`);
