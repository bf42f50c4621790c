import { type LogLine, type RunLog, readRunLog } from './logs.js';

/** The query of `GET …/pods/NAME/log`. */
export interface PodLogOptions {
  /** @default the only container, or the first one */
  readonly container?: string;
  /** @default false */
  readonly follow?: boolean;
  /** @default all that is kept */
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** The run before this one. @default false */
  readonly previous?: boolean;
  /** Each line begins with its time. @default false */
  readonly timestamps?: boolean;
  /** Ends a stream that follows. */
  readonly signal?: AbortSignal;
}

/** The kept lines of a run, then, when following, each new one until the run ends. Text is ready to be sent. */
export async function* streamRunLog(
  run: RunLog | { readonly path: string },
  options: PodLogOptions,
): AsyncGenerator<string> {
  const render = (line: LogLine): string => renderLine(line, options.timestamps === true);
  const kept = selectLines(readRunLog(run.path), options, Date.now());
  // Subscribes before the first yield, in the turn that read the file: nothing can be written in between.
  const live = options.follow === true && 'subscribe' in run && !run.ended ? followRun(run, options.signal) : undefined;
  try {
    for (const line of kept) yield render(line);
    if (live !== undefined) for await (const line of live.lines) yield render(line);
  } finally {
    live?.stop();
  }
}

function selectLines(lines: readonly LogLine[], options: PodLogOptions, now: number): readonly LogLine[] {
  const since = options.sinceSeconds === undefined ? undefined : now - options.sinceSeconds * 1_000;
  const recent = since === undefined ? lines : lines.filter((line) => Date.parse(line.at) >= since);
  if (options.tailLines === undefined) return recent;
  return options.tailLines === 0 ? [] : recent.slice(-options.tailLines);
}

const renderLine = (line: LogLine, timestamps: boolean): string =>
  `${timestamps ? `${line.at} ` : ''}${line.text}${line.partial ? '' : '\n'}`;

/** A reader that stops reading must not hold the whole output in memory: the oldest unread lines go. */
const MAX_UNREAD_LINES = 10_000;

function followRun(run: RunLog, signal: AbortSignal | undefined) {
  const unread: LogLine[] = [];
  let over = signal?.aborted === true;
  let notify: () => void = () => undefined;
  const finish = (): void => {
    over = true;
    notify();
  };
  const unsubscribe = run.subscribe((line) => {
    unread.push(line);
    if (unread.length > MAX_UNREAD_LINES) unread.shift();
    notify();
  }, finish);
  signal?.addEventListener('abort', finish, { once: true });
  async function* lines(): AsyncGenerator<LogLine> {
    for (;;) {
      for (let line = unread.shift(); line !== undefined; line = unread.shift()) yield line;
      if (over) return;
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  }
  const stop = (): void => {
    finish();
    unsubscribe();
    signal?.removeEventListener('abort', finish);
  };
  return { lines: lines(), stop };
}

/** The query of `GET …/log`, in the API's own words. */
export function parseLogQuery(query: URLSearchParams): PodLogOptions {
  const number = (name: string): number | undefined => {
    const value = Number.parseInt(query.get(name) ?? '', 10);
    return Number.isNaN(value) ? undefined : value;
  };
  const [tailLines, sinceSeconds] = [number('tailLines'), number('sinceSeconds')];
  const container = query.get('container');
  return {
    follow: query.get('follow') === 'true',
    previous: query.get('previous') === 'true',
    timestamps: query.get('timestamps') === 'true',
    ...(container === null ? {} : { container }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
  };
}
