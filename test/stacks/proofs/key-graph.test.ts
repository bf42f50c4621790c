import type { World } from '../../../stacks/proofs/index.js';
import { keyedTypes, keyGraph, keyPathsOf } from '../../../stacks/proofs/key-graph.js';
import { EXEMPT } from '../../../stacks/proofs/key-paths.js';
import { allResources, type Json, resourcesOf } from '../../../stacks/proofs/terraform-json.js';
import { withAttribute, worldFor, worlds } from '../../support/worlds.js';

const failures = (world: World): readonly string[] =>
  keyGraph.prove(world).flatMap(({ verdict, address }) => (verdict === 'fail' ? [address] : []));

/** Every stateful resource of every stack, with each place where it says a key. */
const holders = worlds.flatMap((world) =>
  world.stacks.flatMap((stack) =>
    keyedTypes.flatMap((type) =>
      resourcesOf(stack.json, type)
        .filter(({ address }) => !EXEMPT.some((one) => one.address.test(address)))
        .flatMap((resource) => keyPathsOf(type).map((path) => ({ world, stack, resource, path }))),
    ),
  ),
);

describe('whatever keeps data', () => {
  it('does so under a guarded key that the same stack made', () => {
    expect(worlds.flatMap(failures)).toEqual([]);
  });

  it('is found out one by one when its key is taken away or is of elsewhere', () => {
    for (const { world, stack, resource, path } of holders) {
      for (const key of [null, 'arn:aws:kms:eu-central-1:111122223333:key/elsewhere'] as readonly Json[]) {
        const broken = withAttribute(world, stack.name, [resource.type, resource.id], path, key);
        // What hangs on a disk encryption set loses its key with it.
        const found = failures(broken).filter((address) => address !== 'azurerm_kubernetes_cluster.aks');
        const own = failures(broken).filter((address) => address === resource.address);
        expect({ path, found: [...new Set([...found, ...own])] }).toEqual({ path, found: [resource.address] });
      }
    }
    console.info(`key graph: ${2 * holders.length} of ${2 * holders.length} mutants`);
  });

  it('cannot hide in a type that nobody has judged, whatever it is called', () => {
    for (const type of [
      'aws_efs_file_system',
      'google_filestore_instance',
      'azurerm_managed_disk',
      'google_compute_disk',
    ]) {
      const cloud = type.split('_')[0] === 'aws' ? 'aws' : type.startsWith('google') ? 'gcp' : 'azure';
      const world = worldFor(`${cloud}-prod`);
      const stack = world.stacks.at(-1)?.name ?? '';
      const planted = withAttribute(world, stack, [type, 'memories'], ['encrypted'], true);
      expect(failures(planted)).toEqual([`${type}.memories`]);
    }
  });

  it('loses its key when a destroy would take that along', () => {
    const world = worldFor('aws-prod');
    const stack = world.stacks.find(({ layer }) => layer === 'plane');
    const [key] = resourcesOf(stack?.json ?? (world.stacks[0]?.json as never), 'aws_kms_key').filter(({ id }) =>
      id.includes('data'),
    );
    const unguarded = withAttribute(
      world,
      stack?.name ?? '',
      ['aws_kms_key', key?.id ?? ''],
      ['lifecycle', 'prevent_destroy'],
      false,
    );
    expect(failures(unguarded).length).toBeGreaterThan(3);
  });

  it('is exempt for a reason only where it is', () => {
    const addresses = worlds.flatMap(({ stacks }) =>
      stacks.flatMap(({ json }) => allResources(json).map(({ address }) => address)),
    );
    // Log Analytics is exempt where it is made at all.
    const used = EXEMPT.filter((one) => addresses.some((address) => one.address.test(address)));
    expect(used.length).toBeGreaterThan(0);
    for (const { because } of EXEMPT) expect(because.length).toBeGreaterThan(20);
  });
});
