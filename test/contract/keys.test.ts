import { readdirSync } from 'node:fs';
import { firstKeyPath, keyedTypes, keylessOf } from '../support/key-graph.js';
import { type Json, reviewed } from '../support/terraform-json.js';

const names = readdirSync('test/golden/stacks').map((file) => file.replace('.json', ''));
const stacks = names.map((name) => [name, reviewed(name)] as const);

/** Every stateful resource of every stack, each with its own key taken away. */
const holders = stacks.flatMap(([name, stack]) =>
  keyedTypes.flatMap((type) =>
    Object.keys(stack.resource[type] ?? {})
      .filter((id) => !/^access_logs/.test(id) || !type.startsWith('aws_'))
      .map((id) => ({ name, type, id })),
  ),
);

/** Removes what a path leads to. */
function drop(json: Json, path: readonly (string | number)[]): void {
  const parent = path
    .slice(0, -1)
    .reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key] as Json, json);
  delete (parent as Record<string | number, Json>)[path[path.length - 1] ?? ''];
}

describe('whatever keeps data', () => {
  it.each(stacks.map(([name]) => name))('does so in %s under a guarded key that the same stack made', (name) => {
    expect(keylessOf(reviewed(name))).toEqual([]);
  });

  it('is of every type somewhere: none of the rules is about nothing', () => {
    expect([...new Set(holders.map(({ type }) => type))].sort()).toEqual([...keyedTypes].sort());
  });

  it('is found out one by one when its key is taken away', () => {
    for (const { name, type, id } of holders) {
      const broken = reviewed(name);
      drop(broken.resource[type]?.[id] as Json, firstKeyPath(type));
      expect({ name, type, id, found: keylessOf(broken).length }).toEqual({ name, type, id, found: 1 });
    }
  });

  it('cannot hide in a type that nobody has judged', () => {
    const plane = reviewed('aws-prod-plane');
    plane.resource.aws_efs_file_system = { memories: { encrypted: true } };
    expect(keylessOf(plane)).toEqual(['aws_efs_file_system.memories: nobody has said whether it keeps data']);
  });

  it('must not have a key of elsewhere, or one that a destroy takes along', () => {
    const plane = reviewed('aws-prod-plane');
    const [database] = Object.values(plane.resource.aws_db_instance ?? {});
    if (database === undefined) throw new Error('no database to break');
    database.kms_key_id = 'arn:aws:kms:eu-central-1:111122223333:key/elsewhere';
    expect(keylessOf(plane)).toEqual([expect.stringContaining('kms_key_id is "arn:aws:kms')]);
    for (const key of Object.values(plane.resource.aws_kms_key ?? {})) key.lifecycle = { prevent_destroy: false };
    expect(keylessOf(plane).length).toBeGreaterThan(5);
  });
});
