import fc from 'fast-check';
import { buildMergePatch, equalJson } from '../../../operator/runtime/merge-patch.js';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386, section 2, as it is written there. */
const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
};

/** Status objects: merge patches can't say null, so there is none in them. */
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.oneof(fc.string(), fc.integer())));
const name = fc.constantFrom('a', 'b', 'c', 'd');
const status = fc.letrec((tie) => ({
  object: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, leaf, tie('object')), { noNullPrototype: true }),
})).object;

describe('the merge patch between two statuses', () => {
  it('turns the first into the second, whatever they are, when applied as the RFC says', () => {
    fc.assert(
      fc.property(status, status, (previous, next) => {
        const patch = buildMergePatch(previous, next);
        if (patch === undefined) expect(equalJson(previous, next)).toBe(true);
        else expect(mergePatch(previous, patch)).toEqual(next);
      }),
      { numRuns: 1_000, seed: 20261121 },
    );
  });

  it('is none for equal statuses, in whatever order their fields are', () => {
    expect(buildMergePatch({ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 })).toBeUndefined();
    expect(buildMergePatch({ a: 1 }, { a: 1, b: undefined })).toBeUndefined();
  });

  it('names removed fields null and repeats nothing else', () => {
    expect(
      buildMergePatch({ keep: 1, gone: { x: 1 }, in: { a: 1, b: 2 } }, { keep: 1, in: { a: 1 }, fresh: 'x' }),
    ).toEqual({
      gone: null,
      in: { b: null },
      fresh: 'x',
    });
  });
});
