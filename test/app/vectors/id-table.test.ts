import { randomUUID } from 'node:crypto';
import { IdTable } from '../../../app/vectors/id-table.js';

it('knows as a map does which ids there are, what their change was and which key each has', () => {
  const table = new IdTable();
  const model = new Map<string, { readonly change: number; readonly key: number }>();
  const ids = Array.from({ length: 500 }, () => randomUUID() as string);
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let change = 0; change < 20_000; change++) {
    const id = ids[random(ids.length)] as string;
    if (model.has(id)) {
      expect(table.remove(id)).toBe(model.get(id)?.key);
      model.delete(id);
    } else model.set(id, { change, key: table.add(id, change) });
  }
  expect(table.size).toBe(model.size);
  const keys = [...model.values()].map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const id of ids) {
    expect(table.changeOf(id)).toBe(model.get(id)?.change);
    expect(table.keyOf(id)).toBe(model.get(id)?.key);
  }
  for (const [id, { key }] of model) expect(table.idOf(key)).toBe(id);
  expect(Math.max(...keys)).toBeLessThan(ids.length);
});

it('keeps ids whose halves are small or large', () => {
  const table = new IdTable();
  const ids = ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
  const keys = ids.map((id, n) => table.add(id, n));
  expect(keys.map((key) => table.idOf(key))).toEqual(ids);
  expect(table.keyOf('00000000-0000-0000-0000-000000000002')).toBeUndefined();
  expect(table.remove('00000000-0000-0000-0000-000000000002')).toBeUndefined();
});
