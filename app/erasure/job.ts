import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type ApiKeyRow, macFieldsOf } from '../access/key-store.js';
import type { Principal } from '../access/principal.js';
import { CACHE_KINDS } from '../cache/cache.js';
import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import type { JobHandler, JobTools } from '../jobs/jobs.js';
import type { Bucket } from '../keys/bucket.js';
import { blockName } from '../keys/keyring.js';
import { blockOfSlot } from '../keys/slot.js';
import type { MemoryRow } from '../memories/rows.js';
import { userMacFields } from '../tenancy/people.js';
import { isErased } from '../tenancy/vault.js';
import { buildCertificate, type CertificateContext, signCertificate } from './certificate.js';
import { countLeft, purgePerson } from './purge.js';
import { countReplicas, type Replica } from './replicas.js';
import { describeErasure, ERASURE_JOB, findStandingHolds } from './request.js';
import {
  blankUser,
  completeErasure,
  type ErasureFacts,
  type ErasureRow,
  HELD,
  mergeErasureFacts,
  RUNNING,
  selectErasure,
  updateErasureStatus,
} from './store.js';

export interface ErasureDeps {
  readonly core: Core;
  readonly bucket: Bucket | undefined;
  readonly replica: Replica;
}

/** Key, acknowledgements, rows, certificate: each step finds done what an earlier attempt has done. */
export const erasureJob = (deps: ErasureDeps): JobHandler => ({
  kind: ERASURE_JOB,
  run: async (input, tools) => {
    const id = (input as { readonly erasure_id: string }).erasure_id;
    const row = await demandErasure(deps, id);
    if (row.status === RUNNING) await erase(deps, row, tools);
    const result = describeErasure(await demandErasure(deps, id)) as unknown as Json;
    return { result, progress: { total: STEPS, done: STEPS, failed: 0 } };
  },
});

const STEPS = 4;

const demandErasure = async ({ core }: ErasureDeps, id: string): Promise<ErasureRow> => {
  const row = await selectErasure(core.db, id);
  if (!row) throw new Error(`Erasure ${id} is not in the table`);
  return row;
};

const erase = async (deps: ErasureDeps, row: ErasureRow, { principal, progress }: JobTools): Promise<void> => {
  const { core } = deps;
  const step = (done: number) => progress({ total: STEPS, done, failed: 0 });
  // Once the key is gone a hold comes too late; before that it comes in time.
  if (!row.facts.keys && (await isHeld(deps, row))) return;
  const canaries = row.facts.keys ? [] : await pickCanaries(core, row);
  if (!row.facts.keys) await destroyKey(deps, row, principal);
  await step(1);
  await awaitReplicas(deps, row.id, step);
  await step(2);
  await purge(deps, await demandErasure(deps, row.id));
  await step(3);
  const opened = canaries.filter((canary) => opens(core, canary)).length;
  if (canaries.length > 0) {
    await mergeErasureFacts(core.db, row.id, { canaries: { tried: canaries.length, opened } });
  }
  await certify(deps, await demandErasure(deps, row.id));
};

const isHeld = async ({ core }: ErasureDeps, row: ErasureRow): Promise<boolean> => {
  const holds = await findStandingHolds(core, core.db, { ref: row.user_ref, slot: row.slot });
  if (holds.length === 0) return false;
  await updateErasureStatus(core.db, row.id, HELD);
  return true;
};

/** Kept aside to be tried when the key is gone. */
const pickCanaries = async ({ db }: Core, { slot }: ErasureRow): Promise<readonly MemoryRow[]> =>
  (await db.query<MemoryRow>('SELECT * FROM memories WHERE slot = $1 AND sealed LIMIT 20', [slot])).rows;

const opens = ({ vault }: Core, row: MemoryRow): boolean => {
  try {
    const place = { slot: row.slot, table: 'memories', rowId: row.id, version: row.version };
    vault.openRow(place, { sealed: row.sealed, bytes: row.envelope });
    return true;
  } catch (cause) {
    if (isErased(cause)) return false;
    throw cause;
  }
};

const destroyKey = async (deps: ErasureDeps, row: ErasureRow, principal: Principal): Promise<void> => {
  const { db, vault, people, config } = deps.core;
  const apiKeys = (row.facts.apiKeys ?? 0) + (await revokeKeys(deps.core, row, principal));
  const blank = await buildBlank(deps.core, row);
  if (blank) await blankUser(db, row.user_ref, blank);
  people.forget();
  const { keys, epochBefore, epochAfter, slot } = await vault.destroySlot(row.slot);
  const at = new Date().toISOString();
  await inTransaction(db, async (transaction) => {
    await mergeErasureFacts(transaction, row.id, {
      apiKeys,
      holdsChecked: ['memory', 'user', 'tenant'],
      keys: { slot, destroyed: keys, epochBefore, epochAfter, at },
    });
    await deps.core.audit.record(transaction, {
      ...{ type: 'erasure.key_destroyed', resource: { kind: 'erasure', id: row.id } },
      detail: { slot, epoch: epochAfter, object: keyObjectOf(config, slot) },
    });
  });
};

const keyObjectOf = (config: Core['config'], slot: number): string =>
  blockName(config.MEMPLANE_NAMESPACE, config.MEMPLANE_TENANT_ID, blockOfSlot(slot));

/** Under a token that is nobody's id. `undefined` when it is done already. */
const buildBlank = async ({ db, vault }: Core, { slot, user_ref: ref }: ErasureRow) => {
  const { rows } = await db.query<{ created_at: Date; sealed_id: Buffer }>(
    'SELECT created_at, sealed_id FROM users WHERE ref = $1',
    [ref],
  );
  const [user] = rows;
  if (!user || user.sealed_id.length === 0) return undefined;
  const token = randomBytes(32);
  return { token, mac: vault.rowMac('users', userMacFields({ slot, ref, token, created_at: user.created_at })) };
};

/** Keys of the person open nothing any more, and their names, which people choose freely, tell nothing. */
const revokeKeys = async (core: Core, { user_ref }: ErasureRow, principal: Principal): Promise<number> => {
  const { db, vault, accessKeys } = core;
  const { rows } = await db.query<{ id: string }>('SELECT id FROM api_keys WHERE user_ref = $1', [user_ref]);
  for (const { id } of rows) {
    await accessKeys.revoke(principal, id);
    await inTransaction(db, async (transaction) => {
      const found = await transaction.query<ApiKeyRow>('SELECT * FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
      const [row] = found.rows;
      if (!row || !vault.verifyRowMac('api_keys', macFieldsOf(row), row.mac)) return;
      const sealed_name = vault.sealIdentity({ slot: 1, table: 'api_keys', rowId: id, version: 1 }, 'erased');
      const mac = vault.rowMac('api_keys', macFieldsOf({ ...row, sealed_name }));
      await transaction.query('UPDATE api_keys SET sealed_name = $2, mac = $3 WHERE id = $1', [id, sealed_name, mac]);
    });
  }
  return rows.length;
};

const LOOK_AGAIN_MS = 250;
/** A replica that lives and cannot read the keyring for so long needs somebody to look at it; the job tries again. */
const PATIENCE_MS = 120_000;

const awaitReplicas = async (
  { core, replica }: ErasureDeps,
  id: string,
  step: (done: number) => Promise<void>,
): Promise<void> => {
  const epoch = (await selectErasure(core.db, id))?.facts.keys?.epochAfter ?? 0;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    await replica.beat();
    const { acked, behind } = await countReplicas(core.db, epoch);
    if (behind === 0) return await mergeErasureFacts(core.db, id, { podsAcked: acked });
    if (Date.now() > deadline) {
      throw problem('store_unavailable', `${behind} replicas have not let go of the key yet.`, {
        remedy: 'See why they cannot read the keyring; the erasure goes on by itself.',
      });
    }
    await step(1);
    await pause(LOOK_AGAIN_MS);
  }
};

const purge = async ({ core, bucket }: ErasureDeps, row: ErasureRow): Promise<void> => {
  const erased = { slot: row.slot, userRef: row.user_ref, actor: row.requested_by };
  const purged = await purgePerson(core.memories, bucket, erased);
  let cache = row.facts.cache ?? 0;
  for (const kind of CACHE_KINDS) cache += await core.cache.clear(kind);
  const { rows, vectors = 0, objects = 0, kept = 0 } = row.facts;
  await mergeErasureFacts(core.db, row.id, {
    ...{ cache, rows: add(rows, purged.rows), vectors: vectors + purged.vectors },
    ...{ objects: objects + purged.objects, kept: kept + purged.kept },
  });
};

const add = (known: ErasureFacts['rows'] = {}, more: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    [...new Set([...Object.keys(known), ...Object.keys(more)])].map((name) => [
      name,
      (known[name] ?? 0) + (more[name] ?? 0),
    ]),
  );

const DAY_MS = 86_400_000;

/** Its SHA-256 is an event of the log: a certificate that is not in the log is none. */
const certify = async ({ core }: ErasureDeps, row: ErasureRow): Promise<void> => {
  const { db, config } = core;
  const executedAt = new Date();
  const finalAt = new Date(executedAt.getTime() + config.MEMPLANE_BACKUP_RETENTION_DAYS * DAY_MS);
  const context = await observe(core, row, { executedAt, finalAt, supersedes: null });
  const { envelope, sha256, awaitsPlane } = await signCertificate(core, buildCertificate(row, context));
  await inTransaction(db, async (transaction) => {
    const certificate = Buffer.from(JSON.stringify(envelope), 'utf8');
    await completeErasure(transaction, row.id, { certificate, completedAt: executedAt, finalAt });
    if (awaitsPlane) await mergeErasureFacts(transaction, row.id, { awaitsPlane });
    await core.audit.record(transaction, {
      ...{ type: 'erasure.completed', code: 'logical', resource: { kind: 'certificate', id: sha256 } },
      detail: { erasure: row.id, sha256 },
    });
  });
};

export const observe = async (
  { db, vault, config, audit, plane }: Core,
  row: ErasureRow,
  when: Pick<CertificateContext, 'executedAt' | 'finalAt' | 'supersedes'>,
): Promise<CertificateContext> => {
  const left = await countLeft(db, { slot: row.slot, userRef: row.user_ref, actor: row.requested_by });
  const checkpoint = await audit.settle();
  return {
    ...{ ...when, ...left, tenantId: config.MEMPLANE_TENANT_ID, store: config.VECTOR_PROVIDER },
    ...{ encrypts: config.FIELD_ENCRYPTION, keyObject: keyObjectOf(config, row.slot) },
    plane: plane?.name ?? null,
    log: { origin: vault.logSigner().origin, checkpoint: checkpoint?.note.toString('utf8') ?? null },
  };
};
