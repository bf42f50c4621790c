import { hash } from 'node:crypto';
import pg from 'pg';
import type { Statement } from './condition.js';
import type { Transaction } from './pool.js';

/** One statement of several that travel together. */
export interface Step {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Of `COPY … FROM STDIN`: whole messages of CopyData, made while the server takes in those before. */
  readonly frames?: () => Iterable<Uint8Array>;
}

/** A statement that fails where the condition does not hold: it divides one by what of it is true. */
export const demandStep = (condition: string, values: readonly unknown[]): Statement => ({
  text: `SELECT 1 / (${condition})::integer AS demanded`,
  values,
});

export type Answer = readonly Readonly<Record<string, unknown>>[];

/**
 * Sends all statements without waiting for an answer in between, behind one Sync: a single round trip, and outside of a
 * transaction one by itself. After a statement that fails the server passes over all that follow it, so that nothing runs that
 * counted on it. Without `named` there are no prepared names and no state of the session: a pooler in transaction mode sees
 * one exchange. Answers with the rows of each.
 *
 * @param named where the connection is the server's own (`isDirect`): its statements are planned once. @default false
 */
export const fly = (client: Transaction, steps: readonly Step[], named = false): Promise<readonly Answer[]> =>
  new Promise((resolve, reject) => {
    const done: Done = (error, answers) => (error ? reject(error) : resolve(answers));
    client.query(new Flight(client, steps, named ? plansOf(client) : undefined, done));
  });

/** The names of what a connection has planned. */
type Plans = Set<string>;
const plans = new WeakMap<Transaction, Plans>();

const plansOf = (client: Transaction): Plans => {
  const known = plans.get(client) ?? new Set<string>();
  plans.set(client, known);
  return known;
};

/** A connection keeps every plan for as long as it lives: some KB each. */
const MOST_PLANS = 50;
const names = new Map<string, string>();

const nameOf = (text: string): string | undefined => {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_PLANS) return known;
  const name = `flight_${hash('sha256', text, 'hex').slice(0, 16)}`;
  names.set(text, name);
  return name;
};

/** What node-postgres hands to whoever submits; its types leave out the half of it. */
interface Wire {
  readonly stream: {
    readonly writable: boolean;
    readonly writableLength: number;
    readonly writableNeedDrain: boolean;
    cork(): void;
    uncork(): void;
    write(bytes: Uint8Array): boolean;
    once(event: 'drain' | 'close', listener: () => void): void;
    off(event: 'drain' | 'close', listener: () => void): void;
  };
  close(statement: { readonly type: 'S'; readonly name: string }): void;
  parse(statement: { readonly name?: string; readonly text: string }): void;
  bind(bound: { readonly statement?: string; readonly values: readonly unknown[] }): void;
  describe(portal: { readonly type: 'P'; readonly name: string }): void;
  execute(portal: object): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
  sync(): void;
}

type Done = (error: Error | null, answers: readonly Answer[]) => void;
type Field = { readonly name: string; readonly parse: (text: string) => unknown };
type RowDescription = { readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[] };

const { prepareValue } = (pg as unknown as { readonly utils: { prepareValue(value: unknown): unknown } }).utils;

class Flight implements pg.Submittable {
  /** Set by the driver, which ends its timer by it. */
  callback: ((error: Error | null) => void) | undefined;
  readonly #client: Transaction;
  readonly #steps: readonly Step[];
  readonly #plans: Plans | undefined;
  readonly #done: Done;
  readonly #answers: Answer[] = [];
  #fields: readonly Field[] = [];
  #rows: Record<string, unknown>[] = [];
  #isSynced = false;
  #failure: Error | undefined;

  constructor(client: Transaction, steps: readonly Step[], known: Plans | undefined, done: Done) {
    this.#client = client;
    this.#steps = steps;
    this.#plans = known;
    this.#done = done;
  }

  submit(connection: pg.Connection): void {
    void this.#send(connection as unknown as Wire);
  }

  /** In as few packets as may be: each that arrives wakes the server, which costs more than most statements. */
  async #send(wire: Wire): Promise<void> {
    wire.stream.cork();
    try {
      for (const step of this.#steps.map(withText)) {
        if (this.#isSynced) return;
        begin(wire, step, this.#plans);
        if (step.frames) await this.#copy(wire, step.frames);
      }
    } catch (cause) {
      this.#failure ??= cause as Error;
    } finally {
      this.#sync(wire);
      wire.stream.uncork();
    }
  }

  async #copy(wire: Wire, frames: () => Iterable<Uint8Array>): Promise<void> {
    try {
      for (const frame of frames()) {
        if (this.#isSynced) return;
        wire.stream.write(frame);
        if (wire.stream.writableLength >= PACKET) await flush(wire);
      }
      if (!this.#isSynced) wire.endCopyFrom();
    } catch (cause) {
      this.#failure ??= cause as Error;
      if (!this.#isSynced) wire.sendCopyFail('the rows could not be encoded');
    }
  }

  #sync(wire: Wire): void {
    if (this.#isSynced) return;
    this.#isSynced = true;
    wire.sync();
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.#fields = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#client.getTypeParser(dataTypeID, 'text') as (text: string) => unknown,
    }));
  }

  handleDataRow({ fields: texts }: { readonly fields: readonly (string | null)[] }): void {
    try {
      const values = this.#fields.map(({ name, parse }, index) => {
        const text = texts[index] ?? null;
        return [name, text === null ? null : parse(text)] as const;
      });
      this.#rows.push(Object.fromEntries(values));
    } catch (cause) {
      this.#failure ??= cause as Error;
    }
  }

  handleCommandComplete(): void {
    this.#answers.push(this.#rows);
    this.#fields = [];
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  /** The rows are on their way already. */
  handleCopyInResponse(): void {}

  handleError(error: Error, connection: pg.Connection): void {
    this.#sync(connection as unknown as Wire);
    this.#end(this.#failure ?? error);
  }

  handleReadyForQuery(): void {
    this.#end(this.#failure ?? null);
  }

  #end(error: Error | null): void {
    // What came after the statement that failed was passed over, plans and all.
    if (error) this.#plans?.clear();
    this.callback?.(error);
    this.#done(error, this.#answers);
  }
}

/** The server takes it in while the next is encoded. */
const PACKET = 64 * 1024;

/** A server that is slower than we are holds up the encoding, not the memory. */
const flush = async ({ stream }: Wire): Promise<void> => {
  stream.uncork();
  if (stream.writable && stream.writableNeedDrain) await drained(stream);
  stream.cork();
};

/**
 * Its values as the server reads them. Of all steps before the first leaves: the Sync that ends a flight, whatever becomes of
 * it, commits what was sent until then, unless the server itself refused something.
 */
const withText = (step: Step): Step => ({ ...step, values: step.values?.map((value) => prepareValue(value)) ?? [] });

const begin = (wire: Wire, { text, values = [], frames }: Step, known: Plans | undefined): void => {
  const name = known && !frames && values.length > 0 ? nameOf(text) : undefined;
  if (name === undefined) wire.parse({ text });
  else if (!known?.has(name)) {
    // It may be there all the same, from before a failure; to close what is not there is no error.
    wire.close({ type: 'S', name });
    wire.parse({ name, text });
    known?.add(name);
  }
  wire.bind({ statement: name ?? '', values });
  if (!frames) wire.describe({ type: 'P', name: '' });
  wire.execute({});
};

const drained = (stream: Wire['stream']): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
