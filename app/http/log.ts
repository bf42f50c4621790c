import pino, { type Logger } from 'pino';
import { isError } from './cause.js';
import { currentContext } from './context.js';
import { createLogLines } from './log-lines.js';

export interface LogOptions {
  readonly level: string;
  readonly tenant: string;
  readonly environment?: string;
  readonly pod?: string;
}

/** JSON lines on stdout. Every line of a request carries its ids; nothing ever carries content, keys or bodies. */
export const createLogger = (options: LogOptions, destination?: pino.DestinationStream): Logger => {
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: {
      tenant: options.tenant,
      ...(options.environment ? { env: options.environment } : {}),
      ...(options.pod ? { pod: options.pod } : {}),
    },
    timestamp: writeTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const context = currentContext();
      return context ? { requestId: context.requestId, traceId: context.traceId } : {};
    },
    serializers: { err: describeError },
  };
  return pino(settings, destination ?? createLogLines());
};

let last = { at: Number.NaN, text: '' };
/** As pino's `isoTime`, made once for all lines of a millisecond. */
const writeTime = (): string => {
  const at = Date.now();
  if (at !== last.at) last = { at, text: `,"time":"${new Date(at).toISOString()}"` };
  return last.text;
};

/** Until every line is out: a process that exits in the middle of a write loses its last ones. */
export const flushLog = (log: Logger): Promise<void> =>
  new Promise((resolve) => {
    log.flush(() => resolve());
  });

/** The cause with its causes, and nothing that could hold a value of a row. */
const describeError = (error: unknown): object => {
  if (!isError(error)) return { message: String(error).slice(0, 500) };
  const code = (error as { readonly code?: unknown }).code;
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    // A message of Postgres may quote a value; its code, routine and constraint say enough.
    message: isDatabaseError(error) ? describeDatabaseError(error) : error.message.slice(0, 500),
    stack: error.stack?.split('\n').slice(1, 12).join('\n'),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
};

interface DatabaseError extends Error {
  readonly code: string;
  readonly severity: string;
  readonly routine?: string;
  readonly constraint?: string;
}

const isDatabaseError = (error: Error): error is DatabaseError => 'severity' in error && 'code' in error;

const describeDatabaseError = ({ code, severity, routine, constraint }: DatabaseError): string =>
  `Postgres ${severity} ${code} in ${routine ?? 'unknown'}${constraint ? ` (${constraint})` : ''}`;
