import { randomBytes } from 'node:crypto';
import type { Core } from '../core.js';
import { inTransaction, type Queryable } from '../db/pool.js';
import { isStanding, matterOf } from '../holds/holds.js';
import type { HoldRow } from '../holds/store.js';
import { problem } from '../http/errors.js';
import type { Caller } from '../memories/service.js';
import { formatOptionalTime, formatTime } from '../memories/time.js';
import { requireUserId } from '../tenancy/identity.js';
import type { Person } from '../tenancy/people.js';
import { NOT_CLAIMED, requestCommit } from './certificate.js';
import {
  COMPLETED,
  ERASURE_STATUSES,
  type ErasureRow,
  HELD,
  insertErasure,
  lockErasureOfSlot,
  RUNNING,
  selectErasure,
  selectErasureByToken,
  updateErasureStatus,
} from './store.js';

export const ERASURE_JOB = 'erasure';

export interface Erasure {
  readonly erasure_id: string;
  readonly status: (typeof ERASURE_STATUSES)[number];
  readonly requested_at: string;
  readonly completed_at: string | null;
  readonly final_at: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly certificate_url: string | null;
  readonly not_claimed: readonly { readonly code: string; readonly text: string }[];
}

export type AskedErasure = Erasure & {
  /** With it and the id, anybody can check whom the certificate is about. Given once, kept nowhere. */
  readonly request_salt: string | null;
  readonly job_id: string | null;
};

export const describeErasure = (row: ErasureRow): Erasure => {
  const { rows = {}, vectors = 0, objects = 0, cache = 0, apiKeys = 0 } = row.facts;
  return {
    erasure_id: row.id,
    status: ERASURE_STATUSES[row.status] ?? 'running',
    requested_at: formatTime(row.requested_at),
    completed_at: formatOptionalTime(row.completed_at),
    final_at: formatOptionalTime(row.final_at),
    counts: { ...rows, vectors, objects, cache, api_keys: apiKeys },
    certificate_url: row.status >= COMPLETED ? `/api/v1/erasures/${row.id}/certificate` : null,
    not_claimed: Object.entries(NOT_CLAIMED).map(([code, text]) => ({ code, text })),
  };
};

/** Asked twice it is one erasure; while a hold stands it is none, but that it was asked for is kept. */
export const requestErasure = async (core: Core, caller: Caller, userId: string): Promise<AskedErasure> => {
  const { db, vault, people } = core;
  const named = requireUserId(caller.principal, { explicit: userId, header: null });
  const token = vault.lookupToken('user', named);
  const person = await people.find(db, named);
  if (!person) {
    const known = await selectErasureByToken(db, token);
    if (known) return { ...describeErasure(known), request_salt: null, job_id: null };
    throw problem('not_found', 'There is no such person in this tenant.', {
      remedy: 'Check the id; somebody whose erasure is final is not known any more.',
    });
  }
  const salt = randomBytes(32);
  const asked = { token, commit: requestCommit(salt, named), person };
  const begun = await inTransaction(db, (transaction) => begin(core, caller, transaction, asked));
  if (begun.hold) throw pending(core, begun.row, begun.hold);
  const row = (await selectErasure(db, begun.row.id)) ?? begun.row;
  return { ...describeErasure(row), request_salt: begun.isNew ? salt.toString('base64') : null, job_id: begun.jobId };
};

interface Begun {
  readonly row: ErasureRow;
  readonly isNew: boolean;
  readonly hold: HoldRow | undefined;
  readonly jobId: string | null;
}

const begin = async (
  core: Core,
  { principal }: Caller,
  transaction: Queryable,
  { token, commit, person }: { readonly token: Buffer; readonly commit: Buffer; readonly person: Person },
): Promise<Begun> => {
  const known = await lockErasureOfSlot(transaction, person.slot);
  if (known && known.status !== HELD) return { row: known, isNew: false, hold: undefined, jobId: null };
  const [hold] = await findStandingHolds(core, transaction, person);
  const status = hold ? HELD : RUNNING;
  const fresh = {
    slot: person.slot,
    user_ref: person.ref,
    token,
    request_commit: commit,
    requested_by: principal.keyId,
  };
  const row = known ?? (await insertErasure(transaction, { id: core.newId(), ...fresh, status }));
  if (known && !hold) await updateErasureStatus(transaction, row.id, RUNNING);
  await core.audit.record(transaction, {
    ...{ type: 'erasure.requested', slot: person.slot, resource: { kind: 'erasure', id: row.id } },
    ...(hold ? { outcome: 'denied', code: 'legal_hold' } : {}),
  });
  if (hold) return { row, isNew: !known, hold, jobId: null };
  const input = { erasure_id: row.id };
  const job = await core.jobs.enqueue(transaction, { kind: ERASURE_JOB, principal, slot: 0, userRef: null, input });
  return { row, isNew: !known, hold: undefined, jobId: job.id };
};

/** On the person, on the tenant, or on one of the person's memories. */
export const findStandingHolds = async (
  { vault }: Pick<Core, 'vault'>,
  db: Queryable,
  { ref, slot }: Person,
): Promise<readonly HoldRow[]> => {
  const { rows } = await db.query<HoldRow>(
    `SELECT * FROM holds WHERE scope = 2 OR user_ref = $1
       OR memory_id IN (SELECT id FROM memories WHERE user_ref = $1 OR slot = $2) ORDER BY placed_at`,
    [ref, slot],
  );
  await vault.prepare(rows.map((row) => row.slot));
  const now = new Date();
  return rows.filter((row) => isStanding(vault, row, now));
};

const pending = ({ vault }: Core, row: ErasureRow, hold: HoldRow) =>
  problem('erasure_pending', `The erasure ${row.id} waits for a legal hold: ${matterOf(vault, hold)}.`, {
    remedy: `When the hold ${hold.id} is released, send the same request again: it goes on under the same erasure.`,
    headers: { Location: `/api/v1/erasures/${row.id}` },
  });
