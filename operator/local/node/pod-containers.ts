import type { Container, ContainerStatus } from 'kubernetes-types/core/v1.js';
import type { LivePod } from '../kinds.js';
import { Wakeup } from '../waiting.js';
import { ContainerRunner } from './container.js';
import {
  type ContainerRole,
  type ContainerView,
  type RestartPolicy,
  resolvePolicy,
  succeeded,
} from './container-state.js';
import type { PodEvents } from './events.js';
import type { RunLog } from './logs.js';
import type { NodeContext } from './node-context.js';
import { FRESH, resolveResumed } from './resume.js';
import type { Sandbox } from './sandbox.js';

export const DEFAULT_GRACE_SECONDS = 30;

export interface PodContainersOptions {
  readonly context: NodeContext;
  readonly pod: LivePod;
  readonly sandbox: Sandbox;
  readonly events: PodEvents;
  readonly onChange: () => void;
}

interface Runner {
  readonly name: string;
  readonly role: ContainerRole;
  readonly container: ContainerRunner;
}

/** The containers of one pod: started in order, ended sidecars last. */
export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #runners: readonly Runner[];
  readonly #changed = new Wakeup();

  constructor(options: PodContainersOptions) {
    this.#options = options;
    const { spec, status } = options.pod;
    const policy = podPolicy(options.pod);
    const inits = (spec.initContainers ?? []).map((one) => this.#build(one, true, policy, undefined));
    const apps = spec.containers.map((one) => {
      const before = status?.containerStatuses?.find(({ name }) => name === one.name);
      return this.#build(one, false, policy, before);
    });
    this.#runners = [...inits, ...apps];
  }

  views(): readonly ContainerView[] {
    return this.#runners.map((runner) => runner.container.view());
  }

  names(): readonly string[] {
    return this.#runners.map((runner) => runner.name);
  }

  /** Shows why nothing has started yet, on every container that has not. */
  wait(reason: string, message?: string): void {
    for (const { container } of this.#runners) {
      if (container.view().state.kind === 'waiting') container.wait(reason, message);
    }
  }

  wake(): void {
    for (const { container } of this.#runners) container.wake();
  }

  /** Runs the init containers one after another; answers whether the others may start. */
  async initialise(signal: AbortSignal): Promise<boolean> {
    // A pod that had ended before this agent came needs no preparation.
    if (this.#ofRole('app').every(({ container }) => container.view().state.kind === 'terminated')) return true;
    const waits = this.#ofRole('init').length > 0 || this.#ofRole('sidecar').length > 0;
    this.wait(waits ? 'PodInitializing' : 'ContainerCreating');
    for (const { container, role } of this.#runners) {
      if (role === 'app' || signal.aborted) continue;
      const end = container.run();
      if (role === 'sidecar') await this.#untilStarted(container, signal);
      else {
        await end;
        if (!succeeded(container.view().state)) return false;
      }
    }
    return !signal.aborted;
  }

  /** Resolves when every ordinary container has ended for good. */
  async run(): Promise<void> {
    await Promise.all(this.#ofRole('app').map((runner) => runner.container.run()));
  }

  async end(graceMs: number): Promise<void> {
    const others = this.#runners.filter((runner) => runner.role !== 'sidecar');
    const began = Date.now();
    await Promise.all(others.map((runner) => runner.container.end(graceMs)));
    const left = Math.max(0, graceMs - (Date.now() - began));
    await Promise.all(this.#ofRole('sidecar').map((runner) => runner.container.end(left)));
  }

  /** The log of a container's current or previous run; undefined when there is none such. */
  runLog(name: string | undefined, previous: boolean): RunLog | { readonly path: string } | undefined {
    const runner = name === undefined ? this.#ofRole('app')[0] : this.#runners.find((one) => one.name === name);
    if (runner === undefined) return undefined;
    const { sandbox } = this.#options;
    const run = runner.container.view().restartCount;
    if (previous) return run === 0 ? undefined : { path: sandbox.logPath(runner.name, run - 1) };
    return runner.container.log() ?? { path: sandbox.logPath(runner.name, run) };
  }

  async #untilStarted(container: ContainerRunner, signal: AbortSignal): Promise<void> {
    while (!container.view().started && !signal.aborted) await this.#changed.wait(1_000, signal);
  }

  #build(spec: Container, isInit: boolean, podRule: RestartPolicy, before: ContainerStatus | undefined): Runner {
    const { context, sandbox, events, pod } = this.#options;
    const { role, policy } = resolvePolicy(spec, isInit, podRule);
    const container = new ContainerRunner({
      spec,
      role,
      policy,
      resumed: isInit ? FRESH : resolveResumed(before, policy, new Date()),
      resolveLaunch: (one) => sandbox.resolveLaunch(one),
      openLog: (run) => sandbox.openLog(spec.name, run),
      processes: context.processes,
      restart: context.restart,
      graceSeconds: pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
      onChange: () => {
        this.#changed.wake();
        this.#options.onChange();
      },
      onEvent: (type, reason, message) => events.emit(type, reason, message),
    });
    return { name: spec.name, role, container };
  }

  #ofRole(role: ContainerRole): readonly Runner[] {
    return this.#runners.filter((runner) => runner.role === role);
  }
}

function podPolicy(pod: LivePod): RestartPolicy {
  const policy = pod.spec.restartPolicy;
  return policy === 'Never' || policy === 'OnFailure' ? policy : 'Always';
}
