import type { Logger } from 'pino';
import { isAllowed, type Principal } from '../access/principal.js';
import type { Database, Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { formatTime } from '../memories/time.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { currentOrigin, writeAsker } from './asker.js';
import {
  cancelJobRow,
  insertJob,
  JOB_STATUSES,
  type JobPage,
  type JobRow,
  type JobStatus,
  type JobViewer,
  type Progress,
  retryJobRow,
  selectJob,
  selectJobs,
} from './store.js';

/** What a job tells whoever asked for it. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly status: JobStatus;
  readonly progress: Progress;
  readonly result?: Json;
  readonly error?: JobError;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}
export interface JobError {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}
/** What is sealed when a job ends. */
export type JobEnd = { readonly result: Json } | { readonly error: JobError };

export interface JobRequest {
  readonly kind: string;
  readonly principal: Principal;
  /** Whose it is. @default the tenant's */
  readonly slot: number;
  readonly userRef: string | null;
  readonly input: Json;
  /** How many things there are to do, if known. */
  readonly total?: number;
}

export interface JobTools {
  readonly principal: Principal;
  /** Fires when the job shall stop: cancelled, taken over by another replica, or the service ends. */
  readonly signal: AbortSignal;
  /** Tells how far it is; throws when the job shall stop. */
  progress(progress: Progress): Promise<void>;
}
export interface JobHandler {
  readonly kind: string;
  /** May be begun again from the start after a crash: what it did before it must find done. */
  run(input: Json, tools: JobTools): Promise<{ readonly result: Json; readonly progress: Progress }>;
}

/** Work for later. Features register what they can do; any replica does it. */
export interface Jobs {
  register(handler: JobHandler): void;
  /** In the transaction of what asks for it, if there is one. */
  enqueue(db: Queryable, request: JobRequest): Promise<Job>;
  find(principal: Principal, id: string): Promise<Job>;
  list(principal: Principal, page: JobPage): Promise<readonly Job[]>;
  cancel(principal: Principal, id: string): Promise<Job>;
  retry(principal: Principal, id: string): Promise<Job>;
  handlerOf(kind: string): JobHandler | undefined;
  kinds(): readonly string[];
  /** Called when there is something to do. */
  onWork(wake: () => void): void;
}

export interface JobsOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly newId: () => string;
  readonly log: Logger;
}

export const createJobs = (options: JobsOptions): Jobs => new JobQueue(options);

const COMMITTED_MS = 40;

class JobQueue implements Jobs {
  readonly #options: JobsOptions;
  readonly #handlers = new Map<string, JobHandler>();
  #wake: () => void = () => undefined;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  register(handler: JobHandler): void {
    if (this.#handlers.has(handler.kind)) throw new Error(`Two features do jobs of the kind ${handler.kind}`);
    this.#handlers.set(handler.kind, handler);
  }

  async enqueue(db: Queryable, request: JobRequest): Promise<Job> {
    const { vault, newId } = this.#options;
    if (!this.#handlers.has(request.kind)) throw new Error(`No feature does jobs of the kind ${request.kind}`);
    await vault.prepare([request.slot]);
    const id = newId();
    const asked = { asker: writeAsker(request.principal), origin: currentOrigin(), input: request.input };
    const row = await insertJob(db, {
      ...{ id, kind: request.kind, slot: request.slot, user_ref: request.userRef },
      sealed_input: vault.sealJson(placeOfInput(request.slot, id), asked),
      total: request.total ?? 0,
      created_by: request.principal.keyId,
      created_at: new Date(),
    });
    setImmediate(() => this.#wake());
    // Where a transaction asks for it, the job is there when that commits, a moment later.
    setTimeout(() => this.#wake(), COMMITTED_MS).unref();
    return this.#describe(row);
  }

  async find(principal: Principal, id: string): Promise<Job> {
    const row = await selectJob(this.#options.db, viewerOf(principal), id);
    if (!row) throw missing(id);
    await this.#options.vault.prepare([row.slot]);
    return this.#describe(row);
  }

  async list(principal: Principal, page: JobPage): Promise<readonly Job[]> {
    const rows = await selectJobs(this.#options.db, viewerOf(principal), page);
    await this.#options.vault.prepare(rows.map(({ slot }) => slot));
    return rows.map((row) => this.#describe(row));
  }

  async cancel(principal: Principal, id: string): Promise<Job> {
    const before = await this.find(principal, id);
    const row = await cancelJobRow(this.#options.db, id);
    return row ? this.#describe(row) : before;
  }

  async retry(principal: Principal, id: string): Promise<Job> {
    const before = await this.find(principal, id);
    const row = await retryJobRow(this.#options.db, id);
    if (!row) {
      throw problem('invalid_request', `The job is ${before.status}: only one that failed can be tried again.`, {
        errors: [{ pointer: '/path/id', code: 'status', detail: `the job is ${before.status}` }],
      });
    }
    this.#wake();
    return this.#describe(row);
  }

  handlerOf(kind: string): JobHandler | undefined {
    return this.#handlers.get(kind);
  }

  kinds(): readonly string[] {
    return [...this.#handlers.keys()];
  }

  onWork(wake: () => void): void {
    this.#wake = wake;
  }

  #describe(row: JobRow): Job {
    return {
      id: row.id,
      kind: row.kind,
      status: JOB_STATUSES[row.status] ?? 'failed',
      progress: { total: row.total, done: row.done, failed: row.failed },
      ...this.#openEnd(row),
      created_at: formatTime(row.created_at),
      started_at: row.started_at ? formatTime(row.started_at) : null,
      finished_at: row.finished_at ? formatTime(row.finished_at) : null,
    };
  }

  #openEnd({ id, slot, sealed_result }: JobRow): JobEnd | undefined {
    if (!sealed_result) return undefined;
    try {
      return this.#options.vault.openJson(placeOfEnd(slot, id), sealed_result) as JobEnd;
    } catch (cause) {
      if (isErased(cause)) return undefined;
      throw cause;
    }
  }
}

export const placeOfInput = (slot: number, id: string) => ({ slot, table: 'jobs', rowId: id, version: 1 });
export const placeOfEnd = (slot: number, id: string) => ({ slot, table: 'jobs', rowId: id, version: 2 });

/** A person sees their own; a key of the tenant itself sees all if it may manage them. */
const viewerOf = (principal: Principal): JobViewer => ({
  userRef: principal.userRef,
  everything: principal.userId === null && isAllowed(principal, 'jobs.manage'),
});

const missing = (id: string) => problem('not_found', `There is no job ${id} that this key may see.`);
