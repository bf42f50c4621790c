import type { Container, Lifecycle, Probe } from 'kubernetes-types/core/v1.js';
import { Backoff, type BackoffOptions, delay, Wakeup } from '../waiting.js';
import type { ContainerRole, ContainerState, ContainerView, RestartPolicy, Terminated } from './container-state.js';
import { restarts } from './container-state.js';
import type { Launch } from './launch.js';
import { type RunLog, readRunLog } from './logs.js';
import { superviseProbes } from './prober.js';
import { type ProbeResult, runCheck } from './probes.js';
import type { Exit, ProcessTable, RunningProcess } from './processes.js';
import { StartRefusal } from './refusal.js';
import type { Resumed } from './resume.js';
import { runCommand } from './run-command.js';

export interface ContainerOptions {
  readonly spec: Container;
  readonly role: ContainerRole;
  readonly policy: RestartPolicy;
  /** Everything a start needs; throws `StartRefusal` for what may still come. */
  readonly resolveLaunch: (spec: Container) => Promise<Launch>;
  readonly openLog: (run: number) => RunLog;
  readonly processes: ProcessTable;
  readonly restart: RestartOptions;
  /** The grace that a probe's restart gives, unless the probe names its own. */
  readonly graceSeconds: number;
  readonly onChange: () => void;
  readonly onEvent: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  /** What an earlier agent recorded. */
  readonly resumed: Resumed;
}

export interface RestartOptions extends BackoffOptions {
  /** A run of this length forgives the failures before it. */
  readonly resetAfterMs: number;
}

interface Prepared {
  readonly launch: Launch;
  readonly log: RunLog;
}

/** Between two tries of a start that was refused; a change of what it refers to cuts it short. */
const REFUSED: BackoffOptions = { initialMs: 200, maxMs: 10_000 };
const LOG_TAIL = { lines: 80, bytes: 2_048 } as const;

/**
 * One container of a pod:
 *
 *     waiting ──launch──▶ running ──exit──▶ terminated ──policy says no──▶ (end)
 *        ▲  ▲                │                  │
 *        │  └─ refused       └ probe fails:     └─ policy says yes: waiting (CrashLoopBackOff) ─▶ running
 *        └──── (retried)       stop, then exit
 *
 * `run` goes through it until nothing is left to do; `end` leads to `terminated` from anywhere and stays there.
 */
export class ContainerRunner {
  readonly #options: ContainerOptions;
  readonly #lifetime = new AbortController();
  readonly #wakeup = new Wakeup();
  readonly #backoff: Backoff;
  #state: ContainerState = { kind: 'waiting', reason: 'ContainerCreating' };
  #last: Terminated | undefined;
  #restartCount: number;
  #ready = false;
  #started = false;
  #process: RunningProcess | undefined;
  #launch: Launch | undefined;
  #log: RunLog | undefined;
  #stopping: Promise<void> | undefined;
  /** Probes and hooks of this run that are under way: none of them outlives it. */
  #commands = new Set<Promise<unknown>>();
  #running = new AbortController();
  #finished: Promise<void> | undefined;
  #killReason: string | undefined;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.restart);
    this.#restartCount = options.resumed.restartCount;
    this.#last = options.resumed.last;
    if (options.resumed.over !== undefined) {
      this.#state = options.resumed.over;
      this.#lifetime.abort();
    }
  }

  view(): ContainerView {
    return {
      role: this.#options.role,
      spec: this.#options.spec,
      state: this.#state,
      last: this.#last,
      restartCount: this.#restartCount,
      ready: this.#ready,
      started: this.#started,
      id: this.#process?.id,
    };
  }

  log(): RunLog | undefined {
    return this.#log;
  }

  /** Something that a refused start waited for may be there now. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** Shows why nothing has started yet. */
  wait(reason: string, message?: string): void {
    this.#enter({ kind: 'waiting', reason, ...(message === undefined ? {} : { message }) });
  }

  /** Resolves when the container has ended for good. */
  run(): Promise<void> {
    this.#finished ??= this.#live();
    return this.#finished;
  }

  /** Ends it and keeps it ended: preStop and SIGTERM within the grace, then SIGKILL. */
  async end(graceMs: number): Promise<void> {
    this.#lifetime.abort();
    await this.#stop(graceMs);
    await this.#finished;
  }

  async #live(): Promise<void> {
    for (let run = this.#restartCount; !this.#lifetime.signal.aborted; run += 1) {
      const prepared = await this.#prepare(run);
      // Asked here again: an end that was told in between has found no process to end.
      if (prepared === undefined || this.#lifetime.signal.aborted) return prepared?.log.end();
      this.#restartCount = run;
      const exit = await this.#runOnce(prepared);
      if (this.#lifetime.signal.aborted || !restarts(this.#options.policy, exit.exitCode)) return;
      await this.#backOff();
    }
  }

  async #prepare(run: number): Promise<Prepared | undefined> {
    const retry = new Backoff(REFUSED);
    while (!this.#lifetime.signal.aborted) {
      try {
        const launch = await this.#options.resolveLaunch(this.#options.spec);
        return this.#lifetime.signal.aborted ? undefined : { launch, log: this.#options.openLog(run) };
      } catch (error) {
        this.#refused(error);
        await this.#wakeup.wait(retry.next(), this.#lifetime.signal);
      }
    }
    return undefined;
  }

  #refused(error: unknown): void {
    const reason = error instanceof StartRefusal ? error.reason : 'RunContainerError';
    const message = error instanceof Error ? error.message : String(error);
    const known = this.#state.kind === 'waiting' && this.#state.message === message;
    this.wait(reason, message);
    if (!known) this.#options.onEvent('Warning', 'Failed', `Error: ${message}`);
  }

  async #runOnce({ launch, log }: Prepared): Promise<Exit> {
    const startedAt = new Date();
    this.#log = log;
    this.#launch = launch;
    this.#killReason = undefined;
    const process = this.#options.processes.start({
      ...launch,
      onOutput: (stream, chunk) => log.write(stream, chunk),
    });
    this.#process = process;
    this.#running = new AbortController();
    this.#enter({ kind: 'running', startedAt });
    this.#supervise(launch, this.#running.signal);
    const exit = await process.exited;
    this.#running.abort();
    await Promise.allSettled(this.#commands);
    log.end();
    this.#stopping = undefined;
    this.#ready = false;
    this.#started = false;
    this.#terminated(exit, startedAt, log);
    if (Date.now() - startedAt.getTime() >= this.#options.restart.resetAfterMs) this.#backoff.reset();
    return exit;
  }

  #terminated(exit: Exit, startedAt: Date, log: RunLog): void {
    const message = exit.error ?? this.#killReason ?? fallbackMessage(this.#options.spec, exit, log);
    const reason = exit.error !== undefined ? 'StartError' : exit.exitCode === 0 ? 'Completed' : 'Error';
    this.#enter({
      kind: 'terminated',
      exitCode: exit.exitCode,
      reason,
      startedAt,
      finishedAt: new Date(),
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
      ...(message === undefined ? {} : { message }),
    });
  }

  async #backOff(): Promise<void> {
    if (this.#state.kind === 'terminated') this.#last = this.#state;
    const ms = this.#backoff.next();
    const message = `back-off ${ms} ms restarting failed container ${this.#options.spec.name}`;
    this.wait('CrashLoopBackOff', message);
    this.#options.onEvent('Warning', 'BackOff', `Back-off restarting failed container ${this.#options.spec.name}`);
    await delay(ms, this.#lifetime.signal);
  }

  /** Detached: a look that is still under way when the process ends has nothing left to say. */
  #supervise(launch: Launch, signal: AbortSignal): void {
    const target = { resolvePort: launch.resolvePort, exec: this.#exec };
    const events = {
      onStarted: () => this.#update(() => (this.#started = true)),
      onReady: (ready: boolean, message: string) => this.#setReady(ready, message),
      onUnhealthy: (probe: 'startup' | 'liveness', message: string, spec: Probe) =>
        this.#unhealthy(probe, message, spec),
    };
    superviseProbes(this.#options.spec, target, events, signal).catch((error: unknown) => {
      this.#options.onEvent('Warning', 'ProbeError', String(error));
    });
  }

  readonly #exec = async (command: readonly string[], timeoutMs: number): Promise<ProbeResult> => {
    if (this.#launch === undefined) return { ok: false, message: 'not running' };
    const limits = { timeoutMs, signal: this.#running.signal };
    const result = runCommand(this.#options.processes, this.#launch, command, limits);
    this.#commands.add(result);
    return result.finally(() => this.#commands.delete(result));
  };

  #setReady(ready: boolean, message: string): void {
    if (this.#ready === ready) return;
    if (!ready) this.#options.onEvent('Warning', 'Unhealthy', `Readiness probe failed: ${message}`);
    this.#update(() => (this.#ready = ready));
  }

  #unhealthy(probe: 'startup' | 'liveness', message: string, spec: Probe): void {
    const name = probe === 'startup' ? 'Startup' : 'Liveness';
    this.#killReason = `${name} probe failed: ${message}`;
    this.#options.onEvent('Warning', 'Unhealthy', this.#killReason);
    // Detached: the exit that it causes is what the loop waits for.
    void this.#stop((spec.terminationGracePeriodSeconds ?? this.#options.graceSeconds) * 1_000);
  }

  /** Every call sets a deadline of its own, so that a shorter grace overtakes a longer one that is already running. */
  #stop(graceMs: number): Promise<void> {
    const process = this.#process;
    if (process === undefined || this.#state.kind !== 'running') return Promise.resolve();
    const deadline = setTimeout(() => process.kill(), graceMs);
    void process.exited.then(() => clearTimeout(deadline));
    this.#stopping ??= this.#stopProcess(process, graceMs);
    return this.#stopping;
  }

  async #stopProcess(process: RunningProcess, graceMs: number): Promise<void> {
    const preStop = this.#options.spec.lifecycle?.preStop;
    if (preStop !== undefined && graceMs > 0) {
      const over = new AbortController();
      await Promise.race([this.#runHook(preStop, graceMs, over.signal), process.exited]);
      over.abort();
    }
    process.terminate();
    await process.exited;
  }

  async #runHook(hook: NonNullable<Lifecycle['preStop']>, graceMs: number, signal: AbortSignal): Promise<void> {
    if ('sleep' in hook && hook.sleep !== undefined) return delay(hook.sleep.seconds * 1_000, signal);
    const resolvePort = this.#launch?.resolvePort ?? (() => undefined);
    const { ok, message } = await runCheck(hook, { resolvePort, exec: this.#exec }, graceMs);
    if (!ok) this.#options.onEvent('Warning', 'FailedPreStopHook', message);
  }

  #enter(state: ContainerState): void {
    this.#update(() => {
      this.#state = state;
    });
  }

  #update(change: () => unknown): void {
    change();
    this.#options.onChange();
  }
}

/** The end of the log, where the container asked for it; else nothing. */
function fallbackMessage(spec: Container, exit: Exit, log: RunLog): string | undefined {
  if (spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || exit.exitCode === 0) return undefined;
  const tail = readRunLog(log.path).slice(-LOG_TAIL.lines);
  return tail
    .map((line) => line.text)
    .join('\n')
    .slice(-LOG_TAIL.bytes);
}
