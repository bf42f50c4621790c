import { type Static, Type } from '@sinclair/typebox';
import { isAllowed } from '../access/principal.js';
import { selectDetails } from '../audit/event-search.js';
import { type Detail, decodeFacts } from '../audit/leaves.js';
import type { AuditFact } from '../audit/trail.js';
import type { Core } from '../core.js';
import type { Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import { isUuid } from '../http/validate.js';
import { observeRead } from '../memories/observe-read.js';
import type { Caller } from '../memories/service.js';
import { selectVisible } from '../memories/store.js';
import { resolveViewerOfOne, seesWholeTenant } from '../memories/viewer.js';
import { countWrites, selectWrite, selectWrites, type Write } from './event-store.js';
import { buildPage, type Page, type PageAsked } from './shape.js';

const OrNull = Type.Union([Type.String(), Type.Null()]);
export const EventSchema = Type.Object({
  id: Type.String(),
  event_type: Type.Unsafe<'ADD' | 'UPDATE' | 'DELETE'>({ type: 'string', enum: ['ADD', 'UPDATE', 'DELETE'] }),
  status: Type.Literal('SUCCEEDED'),
  payload: Type.Record(Type.String(), Type.Unknown()),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  results: Type.Array(
    Type.Object({ id: Type.String(), event: Type.String(), memory: OrNull, data: Type.Object({ memory: OrNull }) }),
  ),
  error: Type.Null(),
  created_at: OrNull,
  updated_at: OrNull,
});
export type Mem0Event = Static<typeof EventSchema>;

/** Of a request that changed nothing: an event like any other, so that its id can be asked for. */
export const NOTHING = 'data.mem0_nothing';

export const recordNothing = (
  core: Core,
  { principal }: Caller,
  op: 'add' | 'delete' = 'add',
  db: Queryable = core.db,
): Promise<string> => core.audit.record(db, { type: NOTHING, detail: { op, by: principal.keyId } });

/** All requests here are answered when they are done, so every event there is has succeeded. */
export const findEvent = async (core: Core, caller: Caller, id: string): Promise<Mem0Event> => {
  const write = isUuid(id) ? await selectWrite(core.db, id) : undefined;
  const event = write && (await describe(core, caller, [write]))[0];
  const own = write !== undefined && event !== undefined && (event.results.length > 0 || seesAll(caller));
  if (own && write.body) return event;
  const nothing = write?.body ? undefined : await findNothing(core, caller, id);
  if (nothing) return nothing;
  throw problem('not_found', `There is no event ${id.slice(0, 64)}.`);
};

const seesAll = ({ principal }: Caller): boolean => principal.userId === null && isAllowed(principal, 'events.read');

/** A key that may not see the whole tenant's events sees those that it made itself. */
export const listEvents = async (
  core: Core,
  caller: Caller,
  asked: PageAsked,
  base: string,
): Promise<Page<Mem0Event>> => {
  const actor = seesAll(caller) ? null : caller.principal.keyId;
  const offset = (asked.page - 1) * asked.size;
  const [count, writes] = await Promise.all([
    countWrites(core.db, actor),
    selectWrites(core.db, actor, { limit: asked.size, offset }),
  ]);
  return buildPage(base, asked, count, await describe(core, caller, writes));
};

const describe = async (core: Core, caller: Caller, writes: readonly Write[]): Promise<readonly Mem0Event[]> => {
  const { db, people, memories, audit } = core;
  const factsOf = new Map(writes.map((write) => [write, write.body ? decodeFacts(write.body) : []]));
  const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
  const ids = [...factsOf.values()].flatMap((facts) => facts.map(({ id }) => id));
  const rows = await selectVisible(db, viewer, [...new Set(ids)]);
  const shown = new Map((await memories.presenter.present(db, rows, { vector: false })).map((one) => [one.id, one]));
  await observeRead(audit, 'get', rows);
  return writes.map((write): Mem0Event => {
    const facts = factsOf.get(write) ?? [];
    const at = write.at?.toISOString() ?? null;
    const results = facts.flatMap((fact) => {
      const memory = shown.get(fact.id)?.content ?? null;
      // What is gone has nothing left to hide but its id: that is told to those who may see all.
      if (memory === null && !seesWholeTenant(viewer)) return [];
      return [{ id: fact.id, event: eventOf(fact), memory, data: { memory } }];
    });
    return {
      ...FIXED,
      id: write.id,
      event_type: facts[0] ? eventOf(facts[0]) : 'ADD',
      results,
      created_at: at,
      updated_at: at,
    };
  });
};

const FIXED = { status: 'SUCCEEDED', payload: {}, metadata: {}, error: null } as const;

const eventOf = ({ op, version }: AuditFact): Mem0Event['event_type'] =>
  op === 'delete' ? 'DELETE' : version === 1 ? 'ADD' : 'UPDATE';

const findNothing = async (core: Core, { principal }: Caller, id: string): Promise<Mem0Event | undefined> => {
  const [stored] = isUuid(id) ? await selectDetails(core.db, [id.toLowerCase()]) : [];
  if (stored?.slot !== 0) return undefined;
  await core.vault.prepare([0]);
  const place = { slot: 0, table: 'audit_details', rowId: stored.event, version: stored.n };
  const { detail } = core.vault.openDetail(place, stored.sealed) as Detail;
  if (!('op' in detail && 'by' in detail) || detail.by !== principal.keyId) return undefined;
  const event_type = detail.op === 'delete' ? 'DELETE' : 'ADD';
  return { ...FIXED, id: stored.event, event_type, results: [], created_at: null, updated_at: null };
};
