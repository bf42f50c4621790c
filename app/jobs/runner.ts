import type { Logger } from 'pino';
import type { Database } from '../db/pool.js';
import { isError } from '../http/cause.js';
import { Problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { type Loop, startLoop } from '../loop.js';
import { ProviderError } from '../providers/provider-error.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { type Asker, type Origin, readAsker, runAsAsker } from './asker.js';
import { type JobEnd, type JobError, type Jobs, placeOfEnd, placeOfInput } from './jobs.js';
import {
  claimJob,
  deleteOldJobs,
  finishJob,
  JOB_STATUSES,
  type JobRow,
  type JobStatus,
  type Progress,
  postponeJob,
  renewJob,
} from './store.js';

export interface JobRunnerOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly jobs: Jobs;
  readonly log: Logger;
  /** @default 30000 */
  readonly leaseMs?: number;
}

export interface JobRunner {
  /** Tells the job in hand to stop; another replica goes on with it. */
  stop(): Promise<void>;
}

const IDLE_MS = 1_000;
/** 5 s, 10 s, 20 s, 40 s: what is away for longer needs somebody to look at it, and to try again. */
const MAX_ATTEMPTS = 5;
const backoffMs = (attempts: number): number => 2_500 * 2 ** attempts;
const HOUSEKEEPING_MS = 3_600_000;

export const startJobRunner = (options: JobRunnerOptions): JobRunner => new Runner(options);

class Stopped extends Error {
  readonly reason: 'cancelled' | 'lost' | 'ending';
  constructor(reason: Stopped['reason']) {
    super(`The job stops: ${reason}`);
    this.reason = reason;
  }
}

class Runner implements JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #leaseMs: number;
  readonly #ending = new AbortController();
  readonly #loop: Loop;
  #nextHousekeeping = 0;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 30_000;
    this.#loop = startLoop({
      turn: async () => ((await this.#turn()) ? 0 : IDLE_MS),
      onTrouble: (err) => options.log.warn({ err }, 'jobs interrupted, will go on'),
    });
    options.jobs.onWork(() => this.#loop.wake());
  }

  stop(): Promise<void> {
    this.#ending.abort(new Stopped('ending'));
    return this.#loop.stop();
  }

  async #turn(): Promise<boolean> {
    const { db, jobs } = this.#options;
    if (Date.now() >= this.#nextHousekeeping) {
      this.#nextHousekeeping = Date.now() + HOUSEKEEPING_MS;
      await deleteOldJobs(db);
    }
    const row = await claimJob(db, jobs.kinds(), this.#leaseMs);
    if (!row) return false;
    await this.#work(row);
    return true;
  }

  async #work(row: JobRow): Promise<void> {
    const { db, log } = this.#options;
    const job = new JobInHand(this.#options, row, this.#leaseMs, this.#ending.signal);
    try {
      const { result, progress } = await job.run();
      const status = progress.failed > 0 ? 'partial' : 'succeeded';
      await this.#finish(row, status, progress, { result });
      log.info({ ...job.origin, job: row.id, kind: row.kind, status, ms: job.ms() }, 'job ended');
    } catch (cause) {
      const stopped = job.stoppedBy(cause);
      if (stopped === 'lost') return;
      if (stopped === 'ending') return await postponeJob(db, row, 0);
      if (stopped === 'cancelled') return await this.#finish(row, 'cancelled', job.last, { error: CANCELLED });
      if (isPassing(cause) && row.attempts < MAX_ATTEMPTS) return await postponeJob(db, row, backoffMs(row.attempts));
      log.warn({ ...job.origin, err: cause, job: row.id, kind: row.kind }, 'job failed');
      await this.#finish(row, 'failed', job.last, { error: describe(cause) });
    } finally {
      job.end();
    }
  }

  async #finish(row: JobRow, status: JobStatus, progress: Progress, end: JobEnd): Promise<void> {
    const { db, vault } = this.#options;
    await vault.prepare([row.slot]);
    const sealed_result = vault.sealJson(placeOfEnd(row.slot, row.id), end);
    await finishJob(db, row, { ...progress, status: JOB_STATUSES.indexOf(status), sealed_result });
  }
}

interface Asked {
  readonly asker: Asker;
  readonly origin?: Origin | null;
  readonly input: Json;
}

/** One job and its lease, which is kept while the handler is at it. */
class JobInHand {
  readonly #options: JobRunnerOptions;
  readonly #row: JobRow;
  readonly #leaseMs: number;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  last: Progress;
  /** Of the request that asked; its own id where that is not known. */
  origin: Origin;

  constructor(options: JobRunnerOptions, row: JobRow, leaseMs: number, ending: AbortSignal) {
    this.#options = options;
    this.#row = row;
    this.#leaseMs = leaseMs;
    this.last = { total: row.total, done: 0, failed: 0 };
    this.origin = { requestId: row.id, traceId: row.id.replaceAll('-', '') };
    this.#signal = AbortSignal.any([this.#stop.signal, ending]);
    this.#timer = setInterval(() => void this.#renew().catch(() => undefined), leaseMs / 3);
  }

  async run(): Promise<{ readonly result: Json; readonly progress: Progress }> {
    const { vault, jobs } = this.#options;
    const { id, slot, kind, sealed_input } = this.#row;
    const handler = jobs.handlerOf(kind);
    if (!handler) throw new Error(`No feature does jobs of the kind ${kind}`);
    await vault.prepare([slot]);
    const asked = vault.openJson(placeOfInput(slot, id), sealed_input) as Asked;
    // What an older version queued has none.
    this.origin = asked.origin ?? this.origin;
    const principal = readAsker(asked.asker);
    const progress = async (reached: Progress): Promise<void> => {
      this.last = reached;
      await this.#renew();
      this.#signal.throwIfAborted();
    };
    const run = () => handler.run(asked.input, { principal, signal: this.#signal, progress });
    return runAsAsker(kind, principal, this.origin, run);
  }

  ms(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /** Why it stopped, when it was told to: a handler may throw anything once its signal fired. */
  stoppedBy(cause: unknown): Stopped['reason'] | undefined {
    if (this.#signal.aborted && this.#signal.reason instanceof Stopped) return this.#signal.reason.reason;
    return cause instanceof Stopped ? cause.reason : undefined;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const state = await renewJob(this.#options.db, this.#row, this.last, this.#leaseMs);
    if (state !== 'held') this.#stop.abort(new Stopped(state));
  }
}

/** The database or a provider was away: the same may work in a while. */
const isPassing = (cause: unknown): boolean => {
  if (cause instanceof ProviderError) return cause.trouble === 'unavailable';
  if (cause instanceof Problem) return cause.code === 'store_unavailable' || cause.code === 'provider_unavailable';
  return isError(cause) && 'code' in cause && /^(ECONN|57P|08)/.test(String(cause.code));
};

const describe = (cause: unknown): JobError => {
  if (cause instanceof Problem)
    return { code: cause.code, detail: cause.message, remedy: cause.options.remedy ?? RETRY };
  if (cause instanceof ProviderError)
    return { code: 'provider_unavailable', detail: cause.message, remedy: cause.remedy };
  if (isErased(cause)) return { code: 'not_found', detail: 'The person was erased meanwhile.', remedy: 'Nothing.' };
  // The cause is in the log; it may hold what is nobody else's business.
  return { code: 'internal', detail: 'The job failed inside the service.', remedy: RETRY };
};

const RETRY = 'Try it again; should it fail again, the log has the reason under the id of the job.';
const CANCELLED: JobError = {
  code: 'cancelled',
  detail: 'The job was cancelled.',
  remedy: 'Nothing, or try it again.',
};
