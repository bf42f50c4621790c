import type { Container, Probe } from 'kubernetes-types/core/v1.js';
import { delay } from '../waiting.js';
import { type ProbeResult, type ProbeTarget, runCheck, timeoutMsOf } from './probes.js';

export interface ProberEvents {
  onStarted(): void;
  onReady(ready: boolean, message: string): void;
  /** Startup or liveness has failed as often as the probe allows: the container must be restarted. */
  onUnhealthy(probe: 'startup' | 'liveness', message: string, spec: Probe): void;
}

export type ProbedContainer = Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

const DEFAULTS = { periodSeconds: 10, failureThreshold: 3, successThreshold: 1 } as const;
/** First look at a starting container, and the factor by which looks then slow down to the probe's own period. */
const EAGER = { firstMs: 100, factor: 1.6 } as const;

/**
 * Runs one container's probes until the signal aborts. The startup probe goes first and alone; then readiness and
 * liveness, side by side. Without a startup probe the container counts as started, without a readiness probe as ready.
 */
export async function superviseProbes(
  container: ProbedContainer,
  target: ProbeTarget,
  events: ProberEvents,
  signal: AbortSignal,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  if (startupProbe !== undefined && !(await runStartup(startupProbe, target, events, signal))) return;
  if (signal.aborted) return;
  events.onStarted();
  if (readinessProbe === undefined) events.onReady(true, '');
  await Promise.all([
    readinessProbe === undefined
      ? undefined
      : runReadiness(readinessProbe, { target, events, signal, upAlready: startupProbe !== undefined }),
    livenessProbe === undefined ? undefined : runLiveness(livenessProbe, target, events, signal),
  ]);
}

/** Answers whether the container has started. */
async function runStartup(
  probe: Probe,
  target: ProbeTarget,
  events: ProberEvents,
  signal: AbortSignal,
): Promise<boolean> {
  let started = false;
  await watchProbe({ probe, target, signal, eager: true, upAlready: false }, ({ verdict, message }) => {
    started = verdict === 'passed';
    if (verdict === 'failed') events.onUnhealthy('startup', message, probe);
    return verdict === 'undecided' ? 'go on' : 'stop';
  });
  return started;
}

async function runReadiness(
  probe: Probe,
  { events, ...watch }: Omit<ProbeWatch, 'probe' | 'eager'> & { readonly events: ProberEvents },
): Promise<void> {
  await watchProbe({ ...watch, probe, eager: true }, ({ verdict, message }) => {
    if (verdict !== 'undecided') events.onReady(verdict === 'passed', message);
    return 'go on';
  });
}

async function runLiveness(
  probe: Probe,
  target: ProbeTarget,
  events: ProberEvents,
  signal: AbortSignal,
): Promise<void> {
  await watchProbe({ probe, target, signal, eager: false, upAlready: false }, ({ verdict, message }) => {
    if (verdict === 'failed') events.onUnhealthy('liveness', message, probe);
    return verdict === 'failed' ? 'stop' : 'go on';
  });
}

interface ProbeWatch {
  readonly probe: Probe;
  readonly target: ProbeTarget;
  readonly signal: AbortSignal;
  readonly eager: boolean;
  /** A startup probe has passed: an initial delay says only from when on a failure counts. */
  readonly upAlready: boolean;
}

interface Verdict {
  /** Thresholds applied: `undecided` until enough results in a row agree. */
  readonly verdict: 'passed' | 'failed' | 'undecided';
  readonly message: string;
}

/**
 * Looks at every period. An eager watch also looks in between, until the first success: a process that is up after
 * 300 ms is then not kept waiting for the ten seconds of its probe's period, nor, when a startup probe has passed, for an
 * initial delay. Those extra looks never count as failures.
 */
async function watchProbe(watch: ProbeWatch, decide: (verdict: Verdict) => 'go on' | 'stop'): Promise<void> {
  const { probe, signal } = watch;
  const periodMs = (probe.periodSeconds ?? DEFAULTS.periodSeconds) * 1_000;
  const streak = new Streak(probe);
  const initialMs = (probe.initialDelaySeconds ?? 0) * 1_000;
  const early = watch.eager && watch.upAlready;
  if (!early) await delay(initialMs, signal);
  let waitMs: number = watch.eager ? EAGER.firstMs : periodMs;
  let untilCountedMs = early ? initialMs : 0;
  while (!signal.aborted) {
    const counted = untilCountedMs <= 0;
    const result = await runCheck(probe, watch.target, timeoutMsOf(probe));
    if (signal.aborted) return;
    if (result.ok) waitMs = periodMs;
    if (result.ok || counted) {
      if (decide(streak.add(result)) === 'stop') return;
    }
    if (counted) untilCountedMs = periodMs;
    const pause = Math.min(waitMs, untilCountedMs);
    await delay(pause, signal);
    untilCountedMs -= pause;
    waitMs = Math.min(periodMs, waitMs * EAGER.factor);
  }
}

class Streak {
  readonly #probe: Probe;
  #successes = 0;
  #failures = 0;

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  add({ ok, message }: ProbeResult): Verdict {
    this.#successes = ok ? this.#successes + 1 : 0;
    this.#failures = ok ? 0 : this.#failures + 1;
    if (this.#successes >= (this.#probe.successThreshold ?? DEFAULTS.successThreshold))
      return { verdict: 'passed', message };
    if (this.#failures >= (this.#probe.failureThreshold ?? DEFAULTS.failureThreshold))
      return { verdict: 'failed', message };
    return { verdict: 'undecided', message };
  }
}
