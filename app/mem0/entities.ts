import { type Static, Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { type Entity, listEntities } from '../memories/entities.js';
import type { Caller } from '../memories/service.js';
import { isOwner, KINDS, type Kind } from './entity.js';
import { pageSchema } from './shape.js';

const KindSchema = Type.Unsafe<Kind>({ type: 'string', enum: [...KINDS] });

/** Of mem0's own server. */
export const PlainEntitySchema = Type.Object({
  id: Type.String(),
  type: KindSchema,
  total_memories: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export const EntitySchema = Type.Composite([
  PlainEntitySchema,
  Type.Object({ name: Type.String(), owner: Type.String(), metadata: Type.Record(Type.String(), Type.Unknown()) }),
]);
export const EntityPageSchema = Type.Composite([
  pageSchema(EntitySchema),
  Type.Object(Object.fromEntries(KINDS.map((kind) => [`total_${kind}s`, Type.Integer()]))),
]);
export type PlainEntity = Static<typeof PlainEntitySchema>;

/** In one query nearly always: whoever counts pages needs to know how many there are. */
const AT_ONCE = 100_000;

export const allEntities = async ({ memories }: Core, caller: Caller): Promise<readonly PlainEntity[]> => {
  const found: PlainEntity[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await listEntities(memories, caller, { limit: AT_ONCE, ...(cursor ? { cursor } : {}) });
    found.push(...page.results.flatMap(toPlain));
    cursor = page.next_cursor;
  }
  return found.sort((a, b) => KINDS.indexOf(a.type) - KINDS.indexOf(b.type) || compare(a.id, b.id));
};

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const KIND_OF: Readonly<Partial<Record<Entity['type'], Kind>>> = {
  user: 'user',
  agent: 'agent',
  app: 'app',
  session: 'run',
};

const toPlain = ({ id, type, ...rest }: Entity): readonly PlainEntity[] => {
  const kind = KIND_OF[type];
  return kind === undefined || (kind === 'user' && isOwner(id)) ? [] : [{ id, type: kind, ...rest }];
};

export const totalsOf = (entities: readonly PlainEntity[]): Readonly<Record<string, number>> =>
  Object.fromEntries(KINDS.map((kind) => [`total_${kind}s`, entities.filter(({ type }) => type === kind).length]));
