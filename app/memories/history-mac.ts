import { problem } from '../http/errors.js';
import type { Vault } from '../tenancy/vault.js';
import type { HistoryRow } from './history-store.js';
import { type Marking, quote, time } from './row-jcs.js';

const TABLE = 'memory_history';

/** All of an event but its words, which its seal binds, and its place in the order of the table. */
const eventJcs = (row: Omit<HistoryRow, 'mac'>): string =>
  `{"actor":${quote(row.actor)},"at":${time(row.at)},"audit_event":${quote(row.audit_event)},"event":${row.event}` +
  `,"id":"${row.id}","memory_id":"${row.memory_id}","organization_ref":${quote(row.organization_ref)}` +
  `,"scope":${row.scope},"slot":${row.slot},"team_ref":${quote(row.team_ref)},"user_ref":${quote(row.user_ref)}` +
  `,"version":${row.version}}`;

export const historyMac = (vault: Pick<Vault, 'rowMacOfJcs'>, row: Omit<HistoryRow, 'mac'>): Buffer =>
  vault.rowMacOfJcs(TABLE, eventJcs(row));

/** Tells events that this service wrote down from those that somebody changed, or made up, in the database. */
export interface HistoryMarks {
  /** The keys of the tenant must be prepared. */
  verify(event: HistoryRow): boolean;
  /** The same, and what is forged is told, once. */
  isGenuine(event: HistoryRow): boolean;
  /** Throws `memory_tampered`. */
  demand(events: readonly HistoryRow[]): void;
}

interface HistoryMarksOptions {
  readonly vault: Pick<Vault, 'verifyRowMacOfJcs'>;
  readonly onForged: (event: HistoryRow) => void;
  readonly marking: () => Marking;
}

export const createHistoryMarks = ({ vault, onForged, marking }: HistoryMarksOptions): HistoryMarks => {
  const verify = (event: HistoryRow): boolean =>
    event.mac === null
      ? marking() === 'running' || marking() === 'upgrading'
      : vault.verifyRowMacOfJcs(TABLE, eventJcs(event), event.mac);
  const isGenuine = (event: HistoryRow): boolean => {
    if (verify(event)) return true;
    if (event.mac !== null || marking() === 'done') onForged(event);
    return false;
  };
  return {
    verify,
    isGenuine,
    demand: (events) => {
      const forged = events.filter((event) => !isGenuine(event))[0];
      if (!forged) return;
      throw problem(
        'memory_tampered',
        `The history of the memory ${forged.memory_id} is not as this service wrote it.`,
      );
    },
  };
};
