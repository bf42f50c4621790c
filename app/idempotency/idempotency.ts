import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { codeOf } from '../db/errors.js';
import type { Database, Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Maybe } from '../http/maybe.js';
import type { ApiResponse, Remember, Route } from '../http/route.js';
import { isErased, sameBytes, type Vault } from '../tenancy/vault.js';
import {
  answerStep,
  CLAIM_LOST,
  type Claim,
  deleteClaim,
  extendClaims,
  insertClaim,
  type StoredAnswer,
  selectAnswer,
} from './store.js';

export interface IdempotencyOptions {
  readonly db: Database;
  readonly vault: Vault;
}

/** What makes two requests the same one. */
export interface RequestIdentity {
  readonly keyId: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Idempotency {
  /** Runs `work`, or answers as it was answered the first time. Without the header it just runs. */
  run(
    route: Route,
    headers: IncomingHttpHeaders,
    identity: () => RequestIdentity,
    work: (remember: Remember) => Maybe<ApiResponse>,
  ): Maybe<ApiResponse>;
}

/**
 * How long a key stays taken by somebody who gives no sign of life: what a retry waits after a process died. Whoever lives on
 * all the same has lost its claim to the next, and with it the right to commit.
 */
const LEASE_SECONDS = 5;
const BEAT_MS = 1_000;
/** Answers that belong to nobody in particular are the tenant's. */
const TENANT_SLOT = 0;
const ATTEMPTS = 3;
const FORM = /^[\x21-\x7e]{1,255}$/;
const ignore: Remember = Object.assign(async () => undefined, { steps: () => [] });

export const createIdempotency = (options: IdempotencyOptions): Idempotency => {
  const heartbeat = createHeartbeat(options.db);
  return {
    run: (route, headers, identity, work) => {
      const key = readKey(route, headers);
      return key === undefined ? work(ignore) : runOnce({ ...options, heartbeat }, route, key, identity(), work);
    },
  };
};

interface Heartbeat {
  /** Keeps the claim for as long as `work` takes. */
  during<T>(claim: Claim, work: () => Promise<T>): Promise<T>;
}

/** One for the process: most requests end before its first beat, and cost nothing. */
const createHeartbeat = (db: Database): Heartbeat => {
  const live = new Set<Claim>();
  let timer: NodeJS.Timeout | undefined;
  let beating = false;
  const beat = async (): Promise<void> => {
    if (beating || live.size === 0) return;
    beating = true;
    // Should it fail, the next beat comes before the lease ends.
    await extendClaims(db, [...live], LEASE_SECONDS).catch(() => undefined);
    beating = false;
  };
  return {
    during: async (claim, work) => {
      live.add(claim);
      timer ??= setInterval(() => void beat(), BEAT_MS).unref();
      try {
        return await work();
      } finally {
        live.delete(claim);
        if (live.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      }
    },
  };
};

type Work = (remember: Remember) => Maybe<ApiResponse>;

const runOnce = async (
  options: IdempotencyOptions & { readonly heartbeat: Heartbeat },
  route: Route,
  key: string,
  identity: RequestIdentity,
  work: Work,
): Promise<ApiResponse> => {
  const { db, vault } = options;
  await vault.prepare([TENANT_SLOT]);
  const claim: Claim = {
    token: vault.lookupToken('idempotency', `${identity.keyId}\n${route.method}\n${route.path}\n${key}`),
    fingerprint: vault.fingerprintOfJson(buildRequest(identity)),
    claim: randomUUID(),
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await insertClaim(db, claim, LEASE_SECONDS))
      return options.heartbeat.during(claim, () => execute(options, claim, work));
    const known = await selectAnswer(db, claim.token);
    // Given back between the two looks: free again.
    if (!known) continue;
    if (!sameBytes(known.fingerprint, claim.fingerprint)) throw mismatch();
    return replay(options, known);
  }
  throw inProgress();
};

const execute = async ({ db, vault }: IdempotencyOptions, claim: Claim, work: Work): Promise<ApiResponse> => {
  let kept = false;
  const step = (slot: number, answer: ApiResponse) => {
    kept = true;
    return answerStep(claim, slot, vault.sealJson(placeOf(slot, claim.claim), answer));
  };
  const run = async (target: Queryable, slot: number, answer: ApiResponse): Promise<void> => {
    const { text, values } = step(slot, answer);
    await target.query(text, [...values]);
  };
  const remember: Remember = Object.assign(run, {
    steps: (slot: number, answer: ApiResponse) => [step(slot, answer)],
  });
  try {
    const answer = await work(remember);
    // No write carried the answer with it: it stands for itself.
    if (!kept) await remember(db, TENANT_SLOT, answer);
    return answer;
  } catch (cause) {
    // Should this fail too, the lease gives the key back.
    await deleteClaim(db, claim).catch(() => undefined);
    throw codeOf(cause) === CLAIM_LOST ? inProgress() : cause;
  }
};

const replay = async (
  { vault }: IdempotencyOptions,
  { claim, slot, sealed_answer }: StoredAnswer,
): Promise<ApiResponse> => {
  if (slot === null || sealed_answer === null) throw inProgress();
  await vault.prepare([slot]);
  try {
    const answer = vault.openJson(placeOf(slot, claim), sealed_answer) as ApiResponse;
    return { ...answer, headers: { ...answer.headers, 'Idempotency-Replayed': 'true' } };
  } catch (cause) {
    if (!isErased(cause)) throw cause;
    throw problem('not_found', 'The first answer belonged to somebody who was erased since.', { cause });
  }
};

const placeOf = (slot: number, claim: string) => ({ slot, table: 'idempotency', rowId: claim, version: 1 });

const readKey = (route: Route, headers: IncomingHttpHeaders): string | undefined => {
  const key = headers['idempotency-key'];
  if (key === undefined || route.idempotencyKey === undefined) return undefined;
  if (route.idempotencyKey === 'refused') {
    throw problem(
      'not_supported',
      'This route takes no Idempotency-Key: its answer holds a secret that is not stored.',
      {
        remedy: 'Leave the header out.',
        errors: [{ pointer: '/header/idempotency-key', code: 'not_supported', detail: 'is not supported here' }],
      },
    );
  }
  if (typeof key === 'string' && FORM.test(key)) return key;
  throw problem('invalid_request', 'The header Idempotency-Key has another form than it may have.', {
    errors: [
      {
        pointer: '/header/idempotency-key',
        code: 'pattern',
        detail: '1 to 255 visible ASCII characters, without spaces',
      },
    ],
  });
};

/** The person named by the header is part of what is asked, as the body is. */
const buildRequest = ({ headers, query, body }: RequestIdentity) => ({
  user: typeof headers['x-user-id'] === 'string' ? Buffer.from(headers['x-user-id'], 'latin1').toString('hex') : null,
  query: { ...query },
  body: body ?? null,
});

const inProgress = () =>
  problem('idempotency_in_progress', 'A request with this Idempotency-Key is still at work.', {
    headers: { 'Retry-After': '1' },
  });

const mismatch = () =>
  problem('idempotency_mismatch', 'This Idempotency-Key came with another request before.', {
    errors: [
      { pointer: '/header/idempotency-key', code: 'idempotency_mismatch', detail: 'was used for another request' },
    ],
  });
