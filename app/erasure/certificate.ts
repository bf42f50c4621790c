import { createHash } from 'node:crypto';
import type { Core } from '../core.js';
import { formatOptionalTime, formatTime } from '../memories/time.js';
import { jcsBytes } from '../sealing/index.js';
import { addPlaneSignature, type Envelope, signEnvelope } from './dsse.js';
import type { ErasureRow } from './store.js';

export const PAYLOAD_TYPE = 'application/vnd.memplane.erasure.v1+json';

/** What no erasure of ours can claim, in words. */
export const NOT_CLAIMED = {
  N1: 'Copies that were exported before.',
  N2: 'What providers of models (LLM, embeddings) were sent and keep.',
  N3: 'What clients and agents have in their own context.',
  N4: 'Memory, swap and dumps of processes from before.',
  N5: 'Remanence of media, and the provider’s replicas of deleted key objects.',
  N6: 'Residue in backups until they expire: random ids, times, sizes, tokens.',
  N7: 'Plaintext vectors in snapshots of volumes.',
  N8: 'Memories of others that mention the person.',
  N9: 'Copies by people with privileges.',
  N10: 'Future cryptanalysis.',
} as const;

export interface CertificateContext {
  readonly tenantId: string;
  readonly store: string;
  readonly encrypts: boolean;
  readonly keyObject: string;
  readonly scanned: readonly string[];
  readonly hits: number;
  readonly executedAt: Date;
  readonly finalAt: Date;
  readonly log: { readonly origin: string; readonly checkpoint: string | null };
  /** The name of the plane's key, if one is configured to sign. */
  readonly plane: string | null;
  /** Of the final one: the SHA-256 of the logical one. */
  readonly supersedes: string | null;
}

/** What was done, and what not; times and counts only. */
export const buildCertificate = (row: ErasureRow, context: CertificateContext): object => {
  const { facts } = row;
  const until = formatTime(context.finalAt);
  return {
    id: row.id,
    stage: context.supersedes === null ? 'logical' : 'final',
    supersedes: context.supersedes,
    tenantId: context.tenantId,
    scope: { kind: 'user', subject: null, requestCommit: row.request_commit.toString('base64') },
    ...{ requestedAt: formatTime(row.requested_at), requestedBy: row.requested_by },
    executedAt: formatTime(context.executedAt),
    basis: 'request of the data subject, or on their behalf',
    holdsChecked: [...(facts.holdsChecked ?? [])],
    exceptions: buildExceptions(context, until),
    keys: [buildKey(row, context)],
    rows: { ...facts.rows, api_keys_revoked: facts.apiKeys ?? 0 },
    vectors: {
      ...{ store: context.store, before: facts.vectors ?? 0, after: 0, segmentsRewritten: false },
      plaintextUntil: formatTime(new Date(context.executedAt.getTime() + DAY_MS)),
    },
    cache: { cleared: facts.cache ?? 0 },
    artifacts: { deleted: facts.objects ?? 0 },
    queue: { carries: 'ids only' },
    derived: { deleted: 0, recomputed: 0, kept: facts.kept ?? 0 },
    backups: { unreadable: context.encrypts, until },
    physical: { baseUntil: until, walUntil: until, snapshotsUntil: until },
    thirdParties: [],
    kms: { keyDestroyed: false },
    checks: {
      canaries: facts.canaries?.tried ?? 0,
      opened: facts.canaries?.opened ?? 0,
      scanned: [...context.scanned],
      hits: context.hits,
    },
    finalAt: formatOptionalTime(context.finalAt),
    audit: { origin: context.log.origin, checkpoint: context.log.checkpoint },
    signer: buildSigner(context),
    notClaimed: Object.keys(NOT_CLAIMED),
  };
};

const DAY_MS = 86_400_000;

/** Who is meant to sign. A plane's key whose KMS is away signs later; the log's has signed by then. */
const buildSigner = ({ plane, log }: CertificateContext): object =>
  plane === null ? { kind: 'log', name: log.origin } : { kind: 'plane', name: plane };

const buildKey = ({ slot, facts }: ErasureRow, { keyObject }: CertificateContext): object => ({
  slot,
  generations: (facts.keys?.destroyed ?? []).map(({ generation }) => generation),
  kcv: (facts.keys?.destroyed ?? []).map(({ kcv }) => kcv),
  epochBefore: facts.keys?.epochBefore ?? null,
  epochAfter: facts.keys?.epochAfter ?? null,
  locations: [
    { uri: keyObject, versionId: null, deletedAt: facts.keys?.at ?? null, response: 'rewritten without the key' },
  ],
  podsAcked: facts.podsAcked ?? 0,
});

/** What stays, by which rule, until when. */
const buildExceptions = ({ encrypts, executedAt }: CertificateContext, until: string): readonly object[] => {
  const tomorrow = formatTime(new Date(executedAt.getTime() + DAY_MS));
  return [
    {
      what: 'events of the audit log under a pseudonym that nobody can compute any more',
      rule: 'audit retention',
      until: null,
    },
    {
      what: 'details of events that were about several people or about nobody known: they are sealed for the tenant',
      rule: 'audit retention',
      until: null,
    },
    {
      what: 'records of legal holds on the person',
      rule: 'they prove that nothing was destroyed while held',
      until: null,
    },
    {
      what: 'what the person wrote for teams or for everybody, in backups: it is sealed for the tenant',
      rule: 'backup retention',
      until,
    },
    { what: 'answers kept for repetition that were about several people', rule: 'they expire', until: tomorrow },
    ...(encrypts
      ? []
      : [{ what: 'rows in backups: field encryption is off, so they are in clear', rule: 'backup retention', until }]),
  ];
};

export interface SignedCertificate {
  readonly envelope: Envelope;
  /** The plane's key is to sign it and could not: `signWaiting` adds its signature, to the same bytes. */
  readonly awaitsPlane: boolean;
  /** Of its payload, in hexadecimal: what the audit log holds. */
  readonly sha256: string;
}

/** By the log's key at once; by the plane's too, when there is one and its KMS answers. */
export const signCertificate = async (
  { vault, plane, log }: Pick<Core, 'vault' | 'plane' | 'log'>,
  certificate: object,
): Promise<SignedCertificate> => {
  const payload = jcsBytes(certificate);
  const sha256 = createHash('sha256').update(payload).digest('hex');
  const envelope = signEnvelope(vault.logSigner(), PAYLOAD_TYPE, payload);
  if (plane === undefined) return { envelope, sha256, awaitsPlane: false };
  try {
    return { envelope: await addPlaneSignature(plane, envelope), sha256, awaitsPlane: false };
  } catch (err) {
    log.warn({ err }, 'an erasure certificate waits for the signature of the plane’s key');
    return { envelope, sha256, awaitsPlane: true };
  }
};

/** `memplane/erasure-request/1`, the salt, the id: who has the salt can show whom the request was about. */
export const requestCommit = (salt: Uint8Array, id: string): Buffer =>
  createHash('sha256').update('memplane/erasure-request/1\n').update(salt).update(id, 'utf8').digest();
