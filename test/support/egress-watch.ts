/** Sees every connection that this process opens, and lets none through that leaves the machine. */
import net from 'node:net';

export interface EgressWatch {
  /** Hosts beyond loopback that somebody tried to reach. */
  readonly refused: readonly string[];
  /** How many connections went to this machine. */
  readonly loopback: () => number;
  stop(): void;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

interface Target {
  readonly host?: string;
  readonly path?: string;
}

export const watchEgress = (): EgressWatch => {
  const refused: string[] = [];
  let loopback = 0;
  const { prototype } = net.Socket;
  const connect = prototype.connect;
  prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
    // Node's own callers hand over a list with the options first.
    const [first] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[];
    const { host = 'localhost', path } = (typeof first === 'object' && first !== null ? first : {}) as Target;
    if (path === undefined && !LOOPBACK.has(host)) {
      refused.push(host);
      process.nextTick(() => this.destroy(new Error(`A connection to ${host} was refused by the test`)));
      return this;
    }
    loopback += 1;
    return (connect as (...all: unknown[]) => net.Socket).apply(this, args);
  } as typeof connect;
  return {
    refused,
    loopback: () => loopback,
    stop: () => {
      prototype.connect = connect;
    },
  };
};
