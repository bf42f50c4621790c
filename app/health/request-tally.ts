import type { Counter, Registry } from 'prom-client';

/** Seconds. Alerts sit at 1 s and 2 s, the target for search at 50 ms. */
export const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10] as const;

/** Requests counted where they end, and told to the instruments when somebody looks: labels cost more than counting does. */
export interface RequestTally {
  count(operation: string, method: string, status: number, seconds: number): void;
  /** What was counted since the last time. */
  take(): readonly Counted[];
  durations(): readonly Durations[];
}

export interface Counted {
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly count: number;
}

export interface Durations {
  readonly operation: string;
  /** Requests up to each bound of BUCKETS, each counted once. */
  readonly within: readonly number[];
  readonly count: number;
  readonly sum: number;
}

interface Open {
  readonly within: number[];
  count: number;
  sum: number;
}

export const createRequestTally = (): RequestTally => {
  /** By operation, method and status: a handful. */
  let counts = new Map<string, Map<string, Map<number, number>>>();
  const durations = new Map<string, Open>();
  return {
    count: (operation, method, status, seconds) => {
      const methods = inner(counts, operation, () => new Map<string, Map<number, number>>());
      const statuses = inner(methods, method, () => new Map<number, number>());
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const open = inner(durations, operation, newDurations);
      const at = bucketOf(seconds);
      if (at < BUCKETS.length) open.within[at] = (open.within[at] as number) + 1;
      open.count++;
      open.sum += seconds;
    },
    take: () => {
      const taken = counts;
      counts = new Map();
      return [...taken].flatMap(([operation, methods]) =>
        [...methods].flatMap(([method, statuses]) =>
          [...statuses].map(([status, count]) => ({ operation, method, status, count })),
        ),
      );
    },
    durations: () => [...durations].map(([operation, open]) => ({ operation, ...open })),
  };
};

const newDurations = (): Open => ({ within: BUCKETS.map(() => 0), count: 0, sum: 0 });

const inner = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

const bucketOf = (seconds: number): number => {
  let at = 0;
  while (at < BUCKETS.length && seconds > (BUCKETS[at] as number)) at++;
  return at;
};

/** A histogram that is read off the tally: what a registry asks of one is its values. */
export const registerDurations = (registry: Registry, name: string, help: string, tally: RequestTally): void => {
  const get = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: tally.durations().flatMap(lines),
  });
  const lines = ({ operation, within, count, sum }: Durations) => {
    let upTo = 0;
    const bounds = BUCKETS.map((le, at) => {
      upTo += within[at] ?? 0;
      return { labels: { le, operation }, value: upTo, metricName: `${name}_bucket` };
    });
    return [
      ...bounds,
      { labels: { le: '+Inf', operation }, value: count, metricName: `${name}_bucket` },
      { labels: { operation }, value: sum, metricName: `${name}_sum` },
      { labels: { operation }, value: count, metricName: `${name}_count` },
    ];
  };
  registry.registerMetric({ name, help, type: 'histogram', get, reset: () => undefined } as unknown as Counter);
};
