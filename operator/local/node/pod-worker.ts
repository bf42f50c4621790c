import { RESOURCES } from '../../clients/kube-resources.js';
import { type LivePod, namespaceOf } from '../kinds.js';
import { Backoff, delay, Wakeup } from '../waiting.js';
import type { ConfigKind } from './config-source.js';
import { PodEvents } from './events.js';
import type { RunLog } from './logs.js';
import type { NodeContext } from './node-context.js';
import { DEFAULT_GRACE_SECONDS, PodContainers } from './pod-containers.js';
import { buildPodStatus } from './pod-status.js';
import { StartRefusal } from './refusal.js';
import { Sandbox } from './sandbox.js';
import { StatusWriter } from './status-writer.js';
import { mountsConfig } from './volumes.js';

type Stage = 'preparing' | 'initialising' | 'running' | 'ending' | 'finished';

/** After a force deletion nobody waits for the pod, but its processes may still say goodbye. */
const GONE_GRACE_MS = 1_000;
const RETRY = { initialMs: 200, maxMs: 10_000 } as const;

/**
 * One pod on this machine.
 *
 *     preparing ──ports, volumes, kubeconfig──▶ initialising ──init containers, in order──▶ running
 *         │                                          │ (one failed for good)                  │ (all ended for good)
 *         │                                          ▼                                        ▼
 *         └────────────▶ ending ─────────────────▶ finished ◀─────────────────────────────────┘
 *                (deletion, deadline, shutdown; from every stage)
 *
 * preparing     is repeated until ConfigMaps, Secrets and tokens are there
 * initialising  runs each init container to its end; sidecars only until they have started
 * running       containers restart by themselves, see container.ts
 * ending        each container gets preStop, SIGTERM and, after the grace, SIGKILL; sidecars go last
 * finished      no process is left. The object stays until somebody deletes it; then the worker writes the last status
 *               and deletes it for good, which is what frees its name and its owner's count
 */
export class PodWorker {
  readonly #context: NodeContext;
  readonly #sandbox: Sandbox;
  readonly #events: PodEvents;
  readonly #status: StatusWriter;
  readonly #containers: PodContainers;
  readonly #lifetime = new AbortController();
  readonly #configChange = new Wakeup();
  readonly #startedAt: Date;
  #pod: LivePod;
  #stage: Stage = 'preparing';
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #live: Promise<void> = Promise.resolve();
  #deletion: Promise<void> | undefined;
  #volumeWork: Promise<void> = Promise.resolve();
  /** A volume's source has changed since the volumes were begun. */
  #volumesStale = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(context: NodeContext, pod: LivePod) {
    this.#context = context;
    this.#pod = pod;
    this.#startedAt = pod.status?.startTime === undefined ? new Date() : new Date(pod.status.startTime);
    this.#sandbox = new Sandbox(context, pod);
    this.#events = new PodEvents(context, pod);
    this.#status = new StatusWriter({
      client: context.client,
      pod: () => this.#pod,
      build: () => this.#buildStatus(),
      log: context.log,
    });
    this.#containers = new PodContainers({
      context,
      pod,
      sandbox: this.#sandbox,
      events: this.#events,
      onChange: () => this.#status.request(),
    });
  }

  get uid(): string {
    return this.#pod.metadata.uid;
  }

  get containerNames(): readonly string[] {
    return this.#containers.names();
  }

  /** Begins the pod's life; a pod that has ended or is being deleted only waits for its end. */
  start(): void {
    const phase = this.#pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.#stage = 'finished';
      return;
    }
    if (this.#pod.metadata.deletionTimestamp !== undefined) return;
    this.#startDeadline();
    this.#live = this.#run().catch((error: unknown) => {
      this.#context.log.error({ ...this.#names(), err: error }, 'pod worker failed');
    });
  }

  /** A newer version of the object. */
  update(pod: LivePod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined) return;
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? this.#graceSeconds()) * 1_000;
    if (this.#deletion !== undefined && graceMs === 0) void this.#containers.end(0);
    this.#deletion ??= this.#delete(graceMs);
  }

  /** The object is gone: so must the pod be, with all that it had here. */
  async gone(): Promise<void> {
    this.#status.close();
    await this.#end(GONE_GRACE_MS);
    await this.#sandbox.remove();
  }

  /** The node goes down. The object stays as it is: the next agent finds it and goes on. */
  async shutdown(graceMs: number): Promise<void> {
    this.#status.close();
    await this.#end(Math.min(graceMs, this.#graceSeconds() * 1_000));
    this.#sandbox.releasePorts();
  }

  configChanged(kind: ConfigKind, name: string): void {
    if (this.#stage === 'finished' || this.#lifetime.signal.aborted) return;
    this.#configChange.wake();
    this.#containers.wake();
    if (!mountsConfig(this.#pod, kind, name)) return;
    if (this.#stage === 'preparing') this.#volumesStale = true;
    else this.#refreshVolumes();
  }

  /** The log of a container's current or previous run; undefined when there is none such. */
  runLog(container: string | undefined, previous: boolean): RunLog | { readonly path: string } | undefined {
    return this.#containers.runLog(container, previous);
  }

  async #run(): Promise<void> {
    const { signal } = this.#lifetime;
    if (!(await this.#prepare(signal))) return;
    if (await this.#containers.initialise(signal)) {
      this.#enter('running');
      await this.#containers.run();
    }
    if (signal.aborted) return;
    // Every container has ended for good: sidecars have nobody left to serve.
    await this.#containers.end(this.#graceSeconds() * 1_000);
    this.#clearTimers();
    this.#sandbox.releasePorts();
    this.#enter('finished');
  }

  async #prepare(signal: AbortSignal): Promise<boolean> {
    const retry = new Backoff(RETRY);
    this.#status.request();
    while (!signal.aborted) {
      try {
        this.#volumesStale = false;
        await this.#sandbox.prepare();
        if (this.#volumesStale) continue;
        this.#scheduleRenewal();
        this.#enter('initialising');
        return !signal.aborted;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#containers.wait(error instanceof StartRefusal ? error.reason : 'ContainerCreating', message);
        this.#events.emit('Warning', 'FailedMount', message);
        await this.#configChange.wait(retry.next(), signal);
      }
    }
    return false;
  }

  async #end(graceMs: number): Promise<void> {
    if (this.#stage !== 'finished') this.#enter('ending');
    this.#lifetime.abort();
    this.#clearTimers();
    await this.#containers.end(graceMs);
    await this.#live;
    await this.#volumeWork;
    this.#enter('finished');
  }

  async #delete(graceMs: number): Promise<void> {
    await this.#end(graceMs);
    await this.#status.flush();
    const { name, uid } = this.#pod.metadata;
    const ref = { resource: RESOURCES.pods, name, namespace: namespaceOf(this.#pod) };
    const retry = new Backoff(RETRY);
    // A closed writer means that the object is gone, or that the node goes down and the next agent will do this.
    while (!this.#status.closed) {
      try {
        await this.#context.client.delete(ref, { uid, gracePeriodSeconds: 0 }, this.#context.calls);
        return;
      } catch (error) {
        if (this.#status.closed) return;
        this.#context.log.warn({ ...this.#names(), err: error }, 'pod not deleted, trying again');
        await delay(retry.next(), this.#context.calls);
      }
    }
  }

  #startDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const left = this.#startedAt.getTime() + seconds * 1_000 - Date.now();
    this.#after(left, () => {
      this.#failure = { reason: 'DeadlineExceeded', message: `Pod was active longer than ${seconds} s` };
      void this.#end(this.#graceSeconds() * 1_000).then(() => this.#sandbox.releasePorts());
    });
  }

  #refreshVolumes(): void {
    this.#volumeWork = this.#volumeWork.then(async () => {
      try {
        await this.#sandbox.volumes.apply();
        this.#scheduleRenewal();
      } catch (error) {
        this.#context.log.warn({ ...this.#names(), err: error }, 'volumes not refreshed');
        this.#events.emit('Warning', 'FailedMount', error instanceof Error ? error.message : String(error));
      }
    });
  }

  #scheduleRenewal(): void {
    const ms = this.#sandbox.volumes.renewInMs();
    if (ms !== undefined) this.#after(ms, () => this.#refreshVolumes());
  }

  #after(ms: number, action: () => void): void {
    if (this.#lifetime.signal.aborted) return;
    const timer = setTimeout(action, Math.max(0, ms));
    timer.unref();
    this.#timers.push(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  #enter(stage: Stage): void {
    // What was under way when the end began does not take it back.
    if (this.#lifetime.signal.aborted && stage !== 'finished') return;
    this.#stage = stage;
    this.#status.request();
  }

  #buildStatus() {
    const containers = this.#containers.views();
    const finished = this.#stage === 'finished';
    return buildPodStatus(
      this.#pod,
      { containers, startedAt: this.#startedAt, finished, failure: this.#failure },
      new Date(),
    );
  }

  #graceSeconds(): number {
    return this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  }

  #names(): Readonly<Record<string, string>> {
    return { pod: this.#pod.metadata.name, namespace: namespaceOf(this.#pod) };
  }
}
