import { jest } from '@jest/globals';
import { withDefaults } from '../../stacks/spec/defaults.js';
import { prod } from '../../stacks/spec/prod.js';
import { validate } from '../../stacks/spec/validate.js';
import { stackOf, synth } from '../support/stacks.js';

const mirrors = ['public.ecr.aws', 'registry.k8s.io', 'quay.io'] as const;
const given = prod.map((input) => withDefaults({ ...input, registry: { mirrors } }));

describe('a plane whose nodes get public images through its own registry', () => {
  const said = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const synthesised = synth(given);
  const aloud = said.mock.calls.flat();
  said.mockRestore();
  const plane = (cloud: string) => stackOf(synthesised, `${cloud}-prod-plane`);
  const ofType = (cloud: string, type: string) => Object.values(plane(cloud).resource[type] ?? {});

  it('is proved like every other', () => {
    expect(synthesised.errors.filter((one) => one.startsWith('error'))).toEqual([]);
    expect(synthesised.code).toBe(0);
  });

  it('gives cdktf nothing to grumble about: no reference stands inside of an argument of a function', () => {
    expect(aloud).toEqual([]);
    expect(ofType('gcp', 'google_artifact_registry_repository_iam_member').map((one) => one.repository)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\$\{google_artifact_registry_repository\.\w+\.repository_id\}$/),
      ]),
    );
  });

  it('has on AWS a rule each, which fetches into repositories under our key', () => {
    expect(ofType('aws', 'aws_ecr_pull_through_cache_rule').map((one) => one.upstream_registry_url)).toEqual(mirrors);
    const templates = ofType('aws', 'aws_ecr_repository_creation_template');
    expect(templates.map(({ prefix }) => prefix)).toEqual(
      ['ecr-public', 'kubernetes', 'quay'].map((label) => `memplane-prod/${label}`),
    );
    for (const { encryption_configuration: encryption, applied_for } of templates) {
      expect(applied_for).toEqual(['PULL_THROUGH_CACHE']);
      expect(encryption).toEqual([{ encryption_type: 'KMS', kms_key: expect.stringContaining('kms_objects_key') }]);
    }
  });

  it('has on Google Cloud a repository each, which nodes may read and admission lets in', () => {
    const remote = ofType('gcp', 'google_artifact_registry_repository').filter(({ mode }) => mode !== undefined);
    expect(remote.map((one) => one.remote_repository_config)).toEqual(
      mirrors.map((host) => ({ description: host, common_repository: { uri: `https://${host}` } })),
    );
    const [policy] = ofType('gcp', 'google_binary_authorization_policy');
    expect(policy?.admission_whitelist_patterns).toHaveLength(1 + mirrors.length);
    expect(ofType('gcp', 'google_artifact_registry_repository_iam_member')).toHaveLength(1 + mirrors.length);
  });

  it('has on Azure a rule each', () => {
    expect(ofType('azure', 'azurerm_container_registry_cache_rule')).toEqual(
      [
        ['public.ecr.aws', 'ecr-public'],
        ['registry.k8s.io', 'kubernetes'],
        ['quay.io', 'quay'],
      ].map(([host, label]) =>
        expect.objectContaining({ name: `mirror-${label}`, source_repo: `${host}/*`, target_repo: `${label}/*` }),
      ),
    );
  });

  it.each(['aws', 'gcp', 'azure'])('says on %s what stands for each', (cloud) => {
    const value = plane(cloud).output.memplane?.value as { readonly mirrors?: Readonly<Record<string, string>> };
    expect(Object.keys(value.mirrors ?? {}).sort()).toEqual([...mirrors].sort());
  });
});

it.each([
  { wrong: ['docker.io'], path: 'registry.mirrors[0]' },
  { wrong: ['https://quay.io/'], path: 'registry.mirrors[0]' },
  { wrong: ['quay.io', 'quay.io'], path: 'registry.mirrors' },
  { wrong: ['ghcr.io'], path: 'registry.mirrors[0]' },
])('mirrors of $wrong are refused on AWS', ({ wrong, path }) => {
  const [input] = prod;
  if (input === undefined) throw new Error('no environment');
  const found = validate([withDefaults({ ...input, registry: { mirrors: wrong } })]);
  expect(found.map((problem) => problem.path)).toEqual([`aws-prod.${path}`]);
});
