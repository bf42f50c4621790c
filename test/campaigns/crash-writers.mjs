// The clients of the crash campaign: they write, and repeat what was not answered until it is, with the same key.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonOf, pick, send } from './lab.mjs';

const WRITERS = 8;
const PEOPLE = 20;
const KEYS = 40;
/** A claim without an answer is free again 5 s after the last sign of life of whoever had it. */
const CLAIM_MS = 5_500;
/** Told at the end: whoever asked got this for a request that is right. */
const MOST_WRONG = 20;
const REPEATED_EACH_TIME = 20;

export const createWriters = (world) => {
  const { random, options } = world;
  const state = { paused: true, done: false, busy: 0, next: 0 };
  const counts = { answered: 0, retries: 0, deferred: 0, wrong: [] };
  const repeats = { tried: 0, same: 0, controlOther: 0 };
  const deferred = [];
  /** What was answered lately, to be asked again. */
  const recent = [];
  /** Of each key what was last acknowledged. One writer a key: nobody else has a say. */
  const keyed = new Map();

  const draft = () => {
    const n = ++state.next;
    return { content: `fact ${n} of ${world.name}: ${randomUUID()}`, user_id: `person-${n % PEOPLE}` };
  };
  const buildRequest = (writer) => {
    const kind = random();
    const headers = options.keyless ? {} : { 'idempotency-key': randomUUID() };
    if (kind < 0.45) return { kind: 'single', method: 'POST', path: '/api/v1/memories', body: draft(), headers };
    if (kind < 0.8) {
      const memories = Array.from({ length: 10 + Math.floor(random() * 90) }, draft);
      return { kind: 'batch', method: 'POST', path: '/api/v1/memories', body: { memories }, headers };
    }
    if (kind < 0.93) {
      const key = `key-${writer}-${Math.floor(random() * (KEYS / WRITERS))}`;
      const { content } = draft();
      const path = `/api/v1/memories/by-key/${key}`;
      return { kind: 'put', method: 'PUT', path, body: { content, user_id: `person-${writer}` }, headers: {} };
    }
    const mine = [...world.acknowledged].slice(-200).filter(([, one]) => one.writer === writer && !one.key);
    if (mine.length === 0) return buildRequest(writer);
    const [id] = pick(random, mine);
    return { kind: 'delete', method: 'DELETE', path: `/api/v1/memories/${id}`, headers: {}, id };
  };

  const note = (request, writer, answer) => {
    const { kind, body } = request;
    const said = jsonOf(answer);
    const wrong = () => {
      if (counts.wrong.length < MOST_WRONG) counts.wrong.push(`${kind}: ${answer.status} ${answer.text.slice(0, 300)}`);
    };
    if (kind === 'single' && answer.status === 201) {
      world.acknowledged.set(said.id, { content: body.content, writer });
    } else if (kind === 'batch' && answer.status === 200) {
      said.results.forEach(({ id, status }, index) => {
        if (status === 'created') world.acknowledged.set(id, { content: body.memories[index].content, writer });
        else wrong();
      });
    } else if (kind === 'put' && (answer.status === 201 || answer.status === 200)) {
      const before = keyed.get(request.path);
      if (before !== undefined && before !== said.id) wrong();
      keyed.set(request.path, said.id);
      world.acknowledged.set(said.id, { content: body.content, writer, key: request.path });
    } else if (kind === 'delete' && (answer.status === 200 || (answer.status === 404 && request.repeated))) {
      world.acknowledged.delete(request.id);
      world.deleted.add(request.id);
    } else return wrong();
    if (request.headers['idempotency-key']) {
      recent.push({ request, answer });
      if (recent.length > 400) recent.splice(0, 200);
    }
  };

  const deliver = async (request, writer) => {
    for (;;) {
      const answer = await send(world.url, { ...request, key: world.tenant.adminKey });
      const isInProgress = answer.status === 409 && jsonOf(answer)?.code === 'idempotency_in_progress';
      if (isInProgress && request.repeated) {
        if (!request.wasDeferred) counts.deferred++;
        deferred.push({ request: { ...request, wasDeferred: true }, writer, at: Date.now() + CLAIM_MS });
        return;
      }
      // 0: no answer; 503: the service says that its database or its keys are away.
      if (answer.status === 0 || answer.status === 503) {
        counts.retries++;
        request.repeated = true;
        if (state.done) return;
        await sleep(20 + random() * 60);
        continue;
      }
      counts.answered++;
      if (options.keyless && request.repeated) await sleep(0);
      return note(request, writer, answer);
    }
  };

  const write = async (writer) => {
    while (!state.done) {
      if (state.paused) {
        await sleep(5);
        continue;
      }
      state.busy++;
      const due = deferred.findIndex(({ at }) => at <= Date.now());
      const [old] = due >= 0 ? deferred.splice(due, 1) : [];
      await (old ? deliver(old.request, old.writer) : deliver(buildRequest(writer), writer));
      state.busy--;
    }
  };
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

  const repeat = async () => {
    for (let n = 0; n < REPEATED_EACH_TIME && recent.length > 0; n++) {
      const { request, answer } = pick(random, recent);
      const again = await send(world.url, { ...request, key: world.tenant.adminKey });
      repeats.tried++;
      if (
        again.text === answer.text &&
        again.status === answer.status &&
        again.headers['idempotency-replayed'] === 'true'
      )
        repeats.same++;
    }
  };

  return {
    ...{ counts, repeats, keyed },
    deferred: () => deferred.length,
    resume: () => {
      state.paused = false;
    },
    /** Returns when nothing is on its way; what was answered before is then asked again. */
    pause: async () => {
      state.paused = true;
      while (state.busy > 0) await sleep(5);
      await repeat();
    },
    /** Delivers what still waits for a claim to run out. */
    settle: async () => {
      while (deferred.length > 0) {
        const { request, writer, at } = deferred.shift();
        await sleep(Math.max(0, at - Date.now()));
        await deliver(request, writer);
      }
      await repeat();
      const last = recent.at(-1);
      if (!last) return;
      // The control of the repetition: a new key must get another answer. Its fact is one more that is acknowledged.
      const request = { ...last.request, headers: { 'idempotency-key': randomUUID() } };
      const other = await send(world.url, { ...request, key: world.tenant.adminKey });
      if (other.text !== last.answer.text) repeats.controlOther++;
      const ids = jsonOf(other)?.results?.map(({ id }) => id) ?? [jsonOf(other)?.id];
      for (const id of ids)
        await send(world.url, { method: 'DELETE', path: `/api/v1/memories/${id}`, key: world.tenant.adminKey });
    },
    stop: async () => {
      state.done = true;
      state.paused = true;
      await writing;
    },
  };
};
