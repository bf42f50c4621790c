import { isRecord } from '../clients/json.js';
import { type KubeClient, KubeError, type LiveObject, type ObjectRef } from '../clients/kube.js';
import { RESOURCES } from '../clients/kube-resources.js';
import { type Clock, delay, systemClock } from './clock.js';
import type { Log } from './log.js';

export interface LeaderOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'mergePatch'>;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique to this process: the pod's name and something random. */
  readonly identity: string;
  readonly onLeading: () => void;
  /** Stop writing at once: another may lead already. Called once; the election is over then. */
  readonly onLost: (why: string) => void;
  readonly log: Log;
  /** How long others wait for a silent leader. @default 15 s */
  readonly leaseMs?: number | undefined;
  /** A leader that could not renew for so long gives up; well below `leaseMs`, so it stops before another starts. @default 10 s */
  readonly renewMs?: number | undefined;
  /** Between attempts. @default 2 s */
  readonly retryMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

export interface LeaderElection {
  readonly isLeader: boolean;
  start(): void;
  /** Releases the lease, so that the next leader need not wait for it to end. Does not call `onLost`. */
  stop(): Promise<void>;
}

interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string | undefined;
  readonly renewTime: string | undefined;
  readonly leaseTransitions: number;
}

/** Somebody else changed, made or removed the Lease since we read it. */
const RACED = new Set(['Conflict', 'AlreadyExists', 'NotFound']);

/** `metav1.MicroTime`. */
const microTime = (date: Date): string => date.toISOString().replace('Z', '000Z');

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const specOf = (lease: LiveObject): LeaseSpec => {
  const spec = isRecord(lease.spec) ? lease.spec : {};
  return {
    holderIdentity: text(spec.holderIdentity) ?? '',
    leaseDurationSeconds: number(spec.leaseDurationSeconds) ?? 0,
    acquireTime: text(spec.acquireTime),
    renewTime: text(spec.renewTime),
    leaseTransitions: number(spec.leaseTransitions) ?? 0,
  };
};

/**
 * One leader at a time, by a Lease. Clocks of machines are never compared: a follower measures, on its own clock, how
 * long the Lease has not changed, and a leader measures how long its last renewal is ago. Every write carries the
 * version it was based on, so of two candidates one loses.
 */
class LeaseElection implements LeaderElection {
  readonly #options: LeaderOptions;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #retryMs: number;
  readonly #ref: ObjectRef;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #leading = false;
  #lease: LiveObject | undefined;
  /** When the last write that succeeded was sent: others count from a later time, so we always give up first. */
  #renewedAt = 0;
  /** Version of the Lease last seen, and when we first saw it. */
  #seen: { readonly version: string; readonly at: number } | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#renewMs = options.renewMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
    this.#ref = { resource: RESOURCES.leases, name: options.name, namespace: options.namespace };
    if (!(this.#leaseMs > this.#renewMs && this.#renewMs > this.#retryMs)) {
      throw new TypeError(
        `leader election needs leaseMs > renewMs > retryMs, got ${this.#leaseMs}, ${this.#renewMs}, ${this.#retryMs}`,
      );
    }
  }

  get isLeader(): boolean {
    return this.#leading;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#leading = false;
    await this.#release();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { log, onLeading, onLost, identity, random = Math.random } = this.#options;
    while (!signal.aborted && !(await this.#attempt(log))) {
      // Spread, so that followers do not all try in the same instant.
      await delay(this.#clock, this.#retryMs * (1 + random() / 5), signal);
    }
    if (signal.aborted) return;
    this.#leading = true;
    log.info({ identity, lease: this.#options.name }, 'leading');
    onLeading();
    const why = await this.#keep(signal);
    if (why === undefined) return;
    this.#leading = false;
    log.error({ identity, lease: this.#options.name, why }, 'no longer leading');
    onLost(why);
  }

  /** Renews until stopped (undefined) or lost (why). */
  async #keep(signal: AbortSignal): Promise<string | undefined> {
    for (;;) {
      await delay(this.#clock, this.#retryMs, signal);
      if (signal.aborted) return undefined;
      const leftMs = this.#renewedAt + this.#renewMs - this.#clock.now();
      if (leftMs <= 0) return `the lease could not be renewed for ${this.#renewMs} ms`;
      const renewed = await this.#withDeadline(leftMs);
      const holder = this.#lease === undefined ? undefined : specOf(this.#lease).holderIdentity;
      if (!renewed && holder !== undefined && holder !== this.#options.identity) return `"${holder}" holds the lease`;
    }
  }

  async #withDeadline(ms: number): Promise<boolean> {
    const late = new AbortController();
    const cancel = this.#clock.after(ms, () => late.abort());
    try {
      return await this.#attempt(this.#options.log, AbortSignal.any([late.signal, this.#stop.signal]));
    } finally {
      cancel();
    }
  }

  /** True when the Lease is ours now. Failures are logged and count as "not now". */
  async #attempt(log: Log, signal: AbortSignal = this.#stop.signal): Promise<boolean> {
    const askedAt = this.#clock.now();
    try {
      // The leader writes on what it wrote last; only when that is refused has somebody else been there.
      if (!this.#leading) this.#lease = await this.#read(signal);
      const ours = this.#lease === undefined ? await this.#create(signal) : await this.#take(this.#lease, signal);
      if (ours) this.#renewedAt = askedAt;
      return ours;
    } catch (err) {
      if (this.#stop.signal.aborted) return false;
      const raced = err instanceof KubeError && RACED.has(err.reason);
      if (raced) await this.#reread(signal);
      else log.warn({ err, lease: this.#options.name }, 'leader election: no answer about the lease; trying again');
      return false;
    }
  }

  async #reread(signal: AbortSignal): Promise<void> {
    try {
      this.#lease = await this.#read(signal);
    } catch (err) {
      this.#options.log.warn({ err, lease: this.#options.name }, 'leader election: cannot read the lease');
    }
  }

  async #read(signal: AbortSignal): Promise<LiveObject | undefined> {
    const lease = await this.#options.client.get(this.#ref, signal);
    const version = lease?.metadata.resourceVersion;
    if (version !== undefined && version !== this.#seen?.version) this.#seen = { version, at: this.#clock.now() };
    return lease;
  }

  async #create(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name } = this.#options;
    const { apiVersion, kind } = RESOURCES.leases;
    const spec = this.#spec(0, undefined);
    this.#lease = await client.create(
      RESOURCES.leases,
      { apiVersion, kind, metadata: { name, namespace }, spec },
      signal,
    );
    return true;
  }

  async #take(lease: LiveObject, signal: AbortSignal): Promise<boolean> {
    const held = specOf(lease);
    const ours = held.holderIdentity === this.#options.identity;
    const seenForMs = this.#clock.now() - (this.#seen?.at ?? this.#clock.now());
    const patienceMs = Math.max(this.#leaseMs, held.leaseDurationSeconds * 1000);
    if (!ours && held.holderIdentity !== '' && seenForMs < patienceMs) return false;
    const spec = ours ? this.#spec(held.leaseTransitions, held.acquireTime) : this.#spec(held.leaseTransitions + 1);
    this.#lease = await this.#write(lease, spec, signal);
    return true;
  }

  #spec(leaseTransitions: number, acquireTime?: string): LeaseSpec {
    const now = microTime(this.#clock.date());
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#leaseMs / 1000),
      acquireTime: acquireTime ?? now,
      renewTime: now,
      leaseTransitions,
    };
  }

  async #write(lease: LiveObject, spec: Partial<LeaseSpec>, signal?: AbortSignal): Promise<LiveObject> {
    const { resourceVersion } = lease.metadata;
    return await this.#options.client.mergePatch(this.#ref, { metadata: { resourceVersion }, spec }, {}, signal);
  }

  /** Also what was won in the very moment of the stop, before anybody was told. */
  async #release(): Promise<void> {
    if (this.#lease === undefined || specOf(this.#lease).holderIdentity !== this.#options.identity) return;
    try {
      // A lease of one second held by nobody: the next candidate takes it at its next look.
      await this.#write(
        this.#lease,
        { holderIdentity: '', leaseDurationSeconds: 1 },
        AbortSignal.timeout(this.#retryMs),
      );
    } catch (err) {
      this.#options.log.warn({ err, lease: this.#options.name }, 'the lease was not released; it ends by itself');
    }
  }
}

export const createLeaderElection = (options: LeaderOptions): LeaderElection => new LeaseElection(options);
