import { writeFileSync } from 'node:fs';
import { lostIds, readLogicalIds, statefulOf } from '../../stacks/logical-ids.js';
import { find, locked, stackOf, synth } from '../support/stacks.js';

const synthesised = synth();
const now = Object.fromEntries([...synthesised.stacks].map(([name, json]) => [name, statefulOf(json)]));

if (process.env.UPDATE_GOLDEN === '1') {
  writeFileSync('stacks/logical-ids.json', `${JSON.stringify(now, null, 2)}\n`);
}

describe('the ids of what keeps something', () => {
  it('are all locked, in every stack: UPDATE_GOLDEN=1 locks what is new', () => {
    expect(now).toEqual(readLogicalIds());
  });

  it('are those that the documents name, without a hash that a move of the code would change', () => {
    expect(now['aws-prod-plane']).toEqual(
      expect.arrayContaining([
        'aws_db_instance.pg_pg-a',
        'aws_eks_cluster.eks',
        'aws_elasticache_replication_group.redis',
        'aws_s3_bucket.artifacts',
        'aws_s3_bucket.backups',
      ]),
    );
    expect(now['gcp-prod-plane']).toContain('google_container_cluster.gke');
    expect(now['azure-prod-plane']).toContain('azurerm_kubernetes_cluster.aks');
    for (const id of ['audit', 'audit_replica', 'keys', 'keys_replica', 'access_logs'])
      expect(now['aws-prod-vault']).toContain(`aws_s3_bucket.${id}`);
  });

  it.each(Object.keys(now))('would be missed one by one in %s', (name) => {
    const stack = stackOf(synthesised, name);
    for (const address of now[name] ?? []) {
      const [type = '', id = ''] = address.replace(' Locked', '').split('.');
      const { [id]: gone, ...others } = stack.resource[type] ?? {};
      expect(gone).toBeDefined();
      const without = { ...stack, resource: { ...stack.resource, [type]: others } };
      expect(lostIds(now, name, without)).toEqual([expect.stringContaining(`${name} ${address}: is locked`)]);
    }
  });
});

describe('a synth', () => {
  it('in which a locked id is missing says which, exits 1 and leaves nothing to apply', () => {
    const aws = find('aws-dev');
    const renamed = { ...aws, postgres: aws.postgres.map((one) => ({ ...one, name: 'main' })) };
    const { code, errors, stacks } = synth([renamed], {}, readLogicalIds());
    expect(code).toBe(1);
    expect(errors).toEqual(
      expect.arrayContaining([expect.stringMatching(/^error: aws-dev-plane aws_db_instance\.pg_pg-a: is locked in/)]),
    );
    expect(stacks.size).toBe(0);
  });

  it('does not take back the lock of an account: Azure would replace it', () => {
    const azure = find('azure-prod');
    const closed = statefulOf(stackOf(synth([locked(azure)]), 'azure-prod-vault'));
    expect(closed).toContain('azurerm_storage_account.audit Locked');
    const { code, errors } = synth([azure], {}, { 'azure-prod-vault': closed });
    expect(code).toBe(1);
    expect(errors).toEqual(
      expect.arrayContaining([expect.stringContaining('azurerm_storage_account.audit Locked: is locked')]),
    );
  });
});
