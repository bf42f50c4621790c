import fc from 'fast-check';
import { fillSchema } from '../../../app/mem0/export-schema.js';
import type { Memory } from '../../../app/memories/schema.js';

const memory = (content: string, more: Partial<Memory> = {}): Memory =>
  ({
    ...{ id: 'id', content, content_hash: 'h', user_id: 'ada', agent_id: null, app_id: null, session_id: null },
    ...{ metadata: {}, predicate: null, object: null, created_at: 't', updated_at: 't', expires_at: null },
    ...{ superseded_by: null },
    ...more,
  }) as unknown as Memory;

const MEMORIES = [
  memory('Ada moved to Oslo', { predicate: 'lives_in', object: 'Oslo' }),
  memory('Ada likes tea', { predicate: 'likes', object: 'tea', metadata: { topic: 'drinks', age: '36' } }),
  memory('Ada likes tea a lot', { predicate: 'likes', object: 'tea' }),
  memory('Ada is named Ada', { predicate: 'is_named', object: 'Ada', metadata: { age: 35, categories: ['people'] } }),
];
const text = { type: 'string' };

describe('a document by schema', () => {
  it('takes fields, metadata and predicates by name, however they are written', () => {
    const properties = {
      livesIn: text,
      named: text,
      topic: text,
      user_id: text,
      age: { type: 'integer' },
      missing: text,
    };
    expect(fillSchema({ type: 'object', properties }, MEMORIES)).toEqual({
      ...{ livesIn: 'Oslo', named: 'Ada', topic: 'drinks', user_id: 'ada', age: 36, missing: null },
    });
  });

  it('lists each value once, and of objects one a memory that has something to say', () => {
    const item = { type: 'object', properties: { memory: text, topic: text } };
    const properties = {
      likes: { type: 'array', items: text },
      categories: { items: text },
      hobbies: { type: 'array', items: text },
      facts: { type: 'array', items: item },
    };
    const filled = fillSchema({ properties }, MEMORIES) as { readonly facts: readonly unknown[] };
    expect(filled).toMatchObject({ likes: ['tea'], categories: ['people'], hobbies: [] });
    expect(filled.facts).toHaveLength(4);
    expect(filled.facts[1]).toEqual({ memory: 'Ada likes tea', topic: 'drinks' });
  });

  it('reads what Pydantic writes: references, and what may be null', () => {
    const schema = {
      $defs: { Person: { type: 'object', properties: { named: { anyOf: [text, { type: 'null' }] } } } },
      properties: { person: { $ref: '#/$defs/Person' }, drink: { enum: ['tea'], type: ['string', 'null'] } },
    };
    expect(fillSchema(schema, MEMORIES)).toEqual({ person: { named: 'Ada' }, drink: null });
  });

  it('ends for every schema, also one that refers to itself', () => {
    const self = { $defs: { A: { properties: { a: { $ref: '#/$defs/A' }, m: { items: { $ref: '#/$defs/A' } } } } } };
    expect(() => fillSchema({ ...self, $ref: '#/$defs/A' }, MEMORIES)).not.toThrow();
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (schema) => {
        fillSchema(schema as Readonly<Record<string, unknown>>, MEMORIES);
      }),
      { numRuns: 200, seed: 20261121 },
    );
  });
});
