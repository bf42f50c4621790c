type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What the runtime asks of a logger; pino's has this shape. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

const nothing: Write = () => undefined;
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
