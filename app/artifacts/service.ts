import { createHash } from 'node:crypto';
import { requireIn } from '../access/scoped.js';
import { inRetriedTransaction } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import { type Bucket, BucketError } from '../keys/bucket.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import { checkGlobal } from '../memories/patch.js';
import { problemAt } from '../memories/plan.js';
import { scopeOf } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps, Witness } from '../memories/service.js';
import { selectMemory } from '../memories/store.js';
import { formatTime } from '../memories/time.js';
import { missing } from '../memories/version.js';
import { resolveViewerOfOne } from '../memories/viewer.js';
import { jcsBytes } from '../sealing/index.js';
import { readUserHeader, requireUserId } from '../tenancy/identity.js';
import { isErased } from '../tenancy/vault.js';
import { openFile, sealFile } from './sealed-file.js';
import { type ArtifactRow, insertArtifact, selectArtifact, selectArtifacts } from './store.js';

export interface ArtifactDeps extends MemoryServiceDeps {
  /** Absent where the tenant has no bucket for artifacts. */
  readonly bucket: Bucket | undefined;
  readonly namespace: string;
}

/** What the signature is over, as JCS after the line `memplane/artifact/1`. */
export interface Manifest {
  readonly id: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly name: string | null;
  readonly content_type: string;
  readonly created_at: string;
  readonly created_by: string;
}

interface SealedManifest {
  readonly manifest: Manifest;
  readonly signature: string;
  readonly vkey: string;
}

export interface Artifact extends Manifest {
  readonly memory_id: string | null;
  /** Ed25519, by the key that signs the tenant's audit log. */
  readonly signature: string;
  readonly vkey: string;
  readonly url: string;
}

export interface NewArtifact {
  readonly content: Buffer;
  readonly name: string | null;
  readonly contentType: string;
  readonly memoryId: string | null;
  readonly userId: string | null;
  readonly isGlobal: boolean;
  /** What the sender takes it to be, in hexadecimal. */
  readonly sha256: string | undefined;
}

const LABEL = Buffer.from('memplane/artifact/1\n', 'utf8');

/** The bytes go to the bucket first: a row without its object would be a promise that nobody keeps. */
export const createArtifact = async (
  deps: ArtifactDeps,
  caller: Caller,
  asked: NewArtifact,
  witness: Witness<Artifact>,
): Promise<Artifact> => {
  const bucket = demandBucket(deps);
  const sha256 = createHash('sha256').update(asked.content).digest('hex');
  if (asked.sha256 !== undefined && asked.sha256.toLowerCase() !== sha256)
    throw problemAt('invalid_request', '/sha256', `The content has the SHA-256 ${sha256}.`);
  const owner = await resolveOwner(deps, caller, asked);
  await deps.vault.prepare([owner.slot]);
  const { row, sealed, presented } = buildArtifact(deps, caller, { ...asked, sha256 }, owner);
  await reach(() => bucket.put(row.object_name, sealed, { ifNoneMatch: '*' }));
  try {
    await inRetriedTransaction(deps.db, async (transaction) => {
      await insertArtifact(transaction, row);
      await deps.audit.record(transaction, {
        type: 'data.artifact',
        code: 'created',
        slot: row.slot,
        resource: { kind: 'artifact', id: row.id },
        detail: { sha256, bytes: row.bytes, memory: row.memory_id },
      });
      await witness(transaction, row.slot, presented);
    });
  } catch (cause) {
    await bucket.delete(row.object_name).catch(() => undefined);
    throw cause;
  }
  return presented;
};

type Owner = Pick<ArtifactRow, 'slot' | 'scope' | 'user_ref' | 'team_ref' | 'organization_ref' | 'memory_id'>;

/** Whoever sees the memory sees what belongs to it; without one it is a person's, or everybody's. */
const resolveOwner = async (deps: ArtifactDeps, caller: Caller, asked: NewArtifact): Promise<Owner> => {
  const { db, people } = deps;
  const nobody = { user_ref: null, team_ref: null, organization_ref: null, memory_id: null };
  if (asked.memoryId !== null) {
    const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
    const memory = await selectMemory(db, viewer, asked.memoryId);
    if (!memory) throw missing(asked.memoryId);
    deps.marks.demand(memory);
    requireIn(caller.principal, 'ingest', scopeOf(memory));
    checkGlobal(memory, caller.principal);
    const { slot, scope, user_ref, team_ref, organization_ref, id: memory_id } = memory;
    return { slot, scope, user_ref, team_ref, organization_ref, memory_id };
  }
  if (asked.isGlobal) {
    requireIn(caller.principal, 'ingest', 'global');
    checkGlobal({ scope: 3 }, caller.principal);
    return { ...nobody, slot: 0, scope: 3 };
  }
  requireIn(caller.principal, 'ingest', 'user');
  const named = { explicit: asked.userId, header: readUserHeader(caller.headers) };
  const userId = requireUserId(caller.principal, named);
  const person = (await people.ensure(db, [userId])).get(userId);
  if (!person) throw problem('not_found', 'The person was erased at this moment.');
  return { ...nobody, slot: person.slot, scope: 0, user_ref: person.ref };
};

const buildArtifact = (
  { vault, newId, namespace }: ArtifactDeps,
  { principal }: Caller,
  asked: NewArtifact & { readonly sha256: string },
  owner: Owner,
) => {
  const id = newId();
  const created_at = new Date();
  const { name, contentType: content_type, sha256, content } = asked;
  const created = { created_at: formatTime(created_at), created_by: principal.keyId };
  const manifest: Manifest = { id, sha256, bytes: content.length, name, content_type, ...created };
  const signer = vault.logSigner();
  const signature = signer.sign(Buffer.concat([LABEL, jcsBytes(manifest)])).toString('base64');
  const object_name = `${namespace}/artifacts/${id}`;
  const sealed = sealFile(object_name, content);
  const place = { slot: owner.slot, table: 'artifacts', rowId: id, version: 1 };
  const kept: SealedManifest = { manifest, signature, vkey: signer.vkey };
  const row: ArtifactRow = {
    ...{ id, ...owner, object_name, created_at, created_by: principal.keyId },
    bytes: content.length,
    sha256_token: vault.contentHash(owner.slot, `artifact\0${sha256}`),
    sealed_key: vault.sealObjectKey(place, sealed.key),
    sealed_manifest: vault.sealJson({ ...place, table: 'artifacts.manifest' }, kept),
  };
  return { row, sealed: sealed.bytes, presented: present(row, kept) };
};

export const getArtifact = async (deps: ArtifactDeps, caller: Caller, id: string): Promise<Artifact> => {
  const row = await findArtifact(deps, caller, id);
  await deps.audit.observe({ type: 'memory.read', code: 'artifact', resource: { kind: 'artifact', id } });
  return present(row, openManifest(deps, row));
};

export const readArtifact = async (deps: ArtifactDeps, caller: Caller, id: string) => {
  const bucket = demandBucket(deps);
  const row = await findArtifact(deps, caller, id);
  const { manifest } = openManifest(deps, row);
  const object = await reach(() => bucket.get(row.object_name));
  if (!object) throw problem('not_found', `The bytes of the artifact ${id} are not in the bucket.`);
  const place = { slot: row.slot, table: 'artifacts', rowId: id, version: 1 };
  const content = openFile(row.object_name, deps.vault.openObjectKey(place, row.sealed_key), object.bytes);
  const resource = { kind: 'artifact', id };
  if (!content || createHash('sha256').update(content).digest('hex') !== manifest.sha256) {
    await deps.audit.observe({ type: 'security.tamper', outcome: 'denied', resource });
    throw problem('internal', `The bytes of the artifact ${id} are not what was stored.`, {
      remedy: 'Restore the object from a backup; nothing of what is there is given out.',
    });
  }
  await deps.audit.observe({ type: 'memory.read', code: 'artifact', resource });
  return { content, manifest };
};

export interface ArtifactQuery {
  readonly memory_id?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export const listArtifacts = async (deps: ArtifactDeps, caller: Caller, query: ArtifactQuery) => {
  const { db, vault, people } = deps;
  const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
  const memoryId = query.memory_id?.toLowerCase() ?? null;
  const list = { key: caller.principal.keyId, viewer, artifacts: memoryId };
  const after = decodeCursor(vault, list, query.cursor);
  const rows = await selectArtifacts(db, viewer, { memoryId, after, limit: query.limit + 1 });
  const page = rows.slice(0, query.limit);
  await vault.prepare(page.map(({ slot }) => slot));
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  const position = last && { createdAt: last.created_at.toISOString(), id: last.id };
  return {
    results: page.flatMap((row): readonly Artifact[] => {
      try {
        return [present(row, openManifest(deps, row))];
      } catch (cause) {
        if (isErased(cause)) return [];
        throw cause;
      }
    }),
    next_cursor: position ? encodeCursor(vault, list, position) : null,
  };
};

const findArtifact = async (deps: ArtifactDeps, caller: Caller, id: string): Promise<ArtifactRow> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  const row = await selectArtifact(deps.db, viewer, id);
  if (!row) throw missingArtifact(id);
  await deps.vault.prepare([row.slot]);
  return row;
};

const openManifest = ({ vault }: ArtifactDeps, { slot, id, sealed_manifest }: ArtifactRow): SealedManifest =>
  vault.openJson({ slot, table: 'artifacts.manifest', rowId: id, version: 1 }, sealed_manifest) as SealedManifest;

const present = (row: ArtifactRow, { manifest, signature, vkey }: SealedManifest): Artifact => ({
  ...manifest,
  memory_id: row.memory_id,
  signature,
  vkey,
  url: `/api/v1/artifacts/${row.id}/content`,
});

const missingArtifact = (id: string): Problem => problem('not_found', `There is no artifact ${id}.`);

/** It is no bucket of keys: what fails here leaves them as they are. */
const reach = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof BucketError)) throw cause;
    throw problem('store_unavailable', 'The bucket of artifacts cannot be reached.', { cause });
  }
};

const demandBucket = ({ bucket }: ArtifactDeps): Bucket => {
  if (bucket) return bucket;
  throw problem('not_supported', 'This tenant has no bucket for artifacts.', {
    remedy: 'Set ARTIFACTS_BUCKET_URL, for example to file:///var/lib/memplane/artifacts.',
  });
};
