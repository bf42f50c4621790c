// Loaded into the service before its own code: ends processes at a named step of its work, from inside, without a line in
// the product. A step is a query as the database driver gets it, or an answer on its way out.
import { readdirSync, readFileSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import pg from 'pg';

const STEPS = {
  claim: /^INSERT INTO idempotency/,
  begin: /^BEGIN/,
  copy: /^COPY memories/,
  outbox: /^COPY outbox/,
  audit: /INSERT INTO audit_pending/,
  quota: /UPDATE tenant_usage/,
  answer: /UPDATE idempotency SET slot/,
  commit: /^COMMIT/,
  vectors: /INSERT INTO vectors/,
  drained: /^DELETE FROM outbox/,
  sequence: /SELECT audit_sequence/,
  checkpoint: /INSERT INTO audit_checkpoints/,
};

/** {name, moment, count, target, pidFile}: at the `count`th time from now. */
let armed;
process.on('message', (message) => {
  armed = message;
});
process.channel?.unref();

const isAt = (moment) => armed?.moment === moment;
const hit = () => {
  if (!armed || --armed.count !== 0) return;
  const { name, moment, target, pidFile } = armed;
  armed = undefined;
  // What has been written to a pipe is read all the same.
  process.stderr.write(`failpoint ${name}:${moment}\n`);
  if (target !== 'service') killPostgres(pidFile);
  if (target !== 'postgres') process.kill(process.pid, 'SIGKILL');
};

const killPostgres = (pidFile) => {
  const postmaster = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const children = readdirSync('/proc').filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster;
    } catch {
      return false;
    }
  });
  for (const pid of [postmaster, ...children.map(Number)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
};

const end = ServerResponse.prototype.end;
ServerResponse.prototype.end = function (...args) {
  const counts = armed?.name === 'reply' && this.req?.method !== 'GET' && this.statusCode < 300;
  if (counts && isAt('before')) hit();
  const result = end.apply(this, args);
  if (counts && isAt('after')) this.once('finish', hit);
  return result;
};

/**
 * Statements that travel together are one query to the driver. What was written before the step leaves for the server first;
 * `after` is when it has left too, and of the commit when its answer is back. Outside of a transaction they are one by
 * themselves, which begins with the first of them and commits by their Sync.
 */
const flights = new WeakMap();
const inTransaction = new WeakSet();
const sent = new WeakSet();
const isArmed = (name, moment) => armed?.name === name && isAt(moment);
const board = (client, flight, args) => {
  const { connection } = client;
  const isWhole = !inTransaction.has(connection);
  flights.set(connection, { isWhole });
  for (const end of ['handleReadyForQuery', 'handleError']) {
    const told = flight[end];
    flight[end] = function (...results) {
      flights.delete(connection);
      if (end === 'handleReadyForQuery' && isWhole && isArmed('commit', 'after')) hit();
      return told.apply(this, results);
    };
  }
  if (isWhole && isArmed('begin', 'before')) hit();
  if (isWhole && isArmed('begin', 'after')) sent.add(connection);
  return query.apply(client, args);
};
const leave = (connection) => {
  connection.stream.uncork();
  hit();
};
const { parse, bind, sync } = pg.Connection.prototype;
/** By the name under which the server has planned them; the last without one by its connection. */
const texts = new Map();
const unnamed = new WeakMap();
pg.Connection.prototype.parse = function (statement, ...rest) {
  if (statement.name) texts.set(statement.name, statement.text);
  else unnamed.set(this, statement.text);
  return parse.call(this, statement, ...rest);
};
pg.Connection.prototype.bind = function (bound, ...rest) {
  if (sent.delete(this)) leave(this);
  const text = (bound.statement ? texts.get(bound.statement) : unnamed.get(this)) ?? '';
  const isDue = flights.has(this) && STEPS[armed?.name]?.test(text.trimStart());
  if (isDue && isAt('before')) leave(this);
  if (isDue && isAt('after')) sent.add(this);
  return bind.call(this, bound, ...rest);
};
pg.Connection.prototype.sync = function (...args) {
  if (sent.delete(this)) leave(this);
  if (flights.get(this)?.isWhole && isArmed('commit', 'before')) leave(this);
  return sync.apply(this, args);
};

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function (...args) {
  const [config] = args;
  if (typeof config?.submit === 'function' && config.text === undefined) return board(this, config, args);
  const text = typeof config === 'string' ? config : (config?.text ?? '');
  if (STEPS.begin.test(text)) inTransaction.add(this.connection);
  if (/^(COMMIT|ROLLBACK)/.test(text)) inTransaction.delete(this.connection);
  if (!STEPS[armed?.name]?.test(text.trimStart())) return query.apply(this, args);
  if (isAt('before')) {
    hit();
    return query.apply(this, args);
  }
  const told = args.at(-1);
  if (typeof told === 'function') {
    const wrapped = (...results) => {
      hit();
      told(...results);
    };
    return query.apply(this, [...args.slice(0, -1), wrapped]);
  }
  const result = query.apply(this, args);
  if (result instanceof Promise) return result.finally(hit);
  result?.once?.('finish', hit);
  return result;
};
