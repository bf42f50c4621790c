import type { Cloud } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { type RegistryFacts, registryFacts } from '../support/registry-facts.js';
import { plainId, reviewed, type StackJson } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const planeOf = (cloud: Cloud): StackJson => reviewed(`${cloud}-prod-plane`);

const PROMISE: RegistryFacts = { key: 'objects', immutable: true, closed: true, untaggedDays: 14, guarded: true };

/** Azure locks a tag only after it was pushed, image by image. */
const promised = (cloud: Cloud): RegistryFacts => (cloud === 'azure' ? { ...PROMISE, immutable: undefined } : PROMISE);

describe('where images lie', () => {
  it.each(CLOUDS)('keeps every promise on %s', (cloud) => {
    expect(registryFacts(cloud, planeOf(cloud))).toEqual(promised(cloud));
  });

  it.each([
    { cloud: 'aws' as const, prefix: /^\$\{trimsuffix\(aws_ecr_repository\..*\.repository_url, "\/memplane"\)\}$/ },
    { cloud: 'gcp' as const, prefix: /^europe-west3-docker\.pkg\.dev\/example-memplane-prod\/\$\{google_artifact/ },
    { cloud: 'azure' as const, prefix: /^\$\{azurerm_container_registry\..*\.login_server\}$/ },
  ])('is handed out on $cloud as what stands before an image', ({ cloud, prefix }) => {
    expect(planeOf(cloud).output.memplane?.value.registry).toMatch(prefix);
  });
});

interface Mutant {
  readonly cloud: Cloud;
  readonly because: string;
  readonly changes: keyof RegistryFacts;
  readonly type: string;
  readonly path: readonly (string | number)[];
  readonly value: string | number | boolean;
}

const ECR = 'aws_ecr_repository';
const GAR = 'google_artifact_registry_repository';
const ACR = 'azurerm_container_registry';

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    because: 'a tag that moves runs what nobody tested',
    changes: 'immutable',
    type: ECR,
    path: ['image_tag_mutability'],
    value: 'MUTABLE',
  },
  {
    cloud: 'aws',
    because: 'AES256 is a key of Amazon’s',
    changes: 'key',
    type: ECR,
    path: ['encryption_configuration', 0, 'kms_key'],
    value: 'alias/aws/ecr',
  },
  {
    cloud: 'aws',
    because: 'forced, a destroy takes the images along',
    changes: 'guarded',
    type: ECR,
    path: ['force_delete'],
    value: true,
  },
  {
    cloud: 'gcp',
    because: 'a tag that moves runs what nobody tested',
    changes: 'immutable',
    type: GAR,
    path: ['docker_config', 'immutable_tags'],
    value: false,
  },
  {
    cloud: 'gcp',
    because: 'a rehearsal deletes nothing',
    changes: 'untaggedDays',
    type: GAR,
    path: ['cleanup_policy_dry_run'],
    value: true,
  },
  {
    cloud: 'azure',
    because: 'the admin has a password',
    changes: 'closed',
    type: ACR,
    path: ['admin_enabled'],
    value: true,
  },
  {
    cloud: 'azure',
    because: 'images could be carried to another tenant',
    changes: 'closed',
    type: ACR,
    path: ['export_policy_enabled'],
    value: true,
  },
  {
    cloud: 'azure',
    because: 'a destroy must stop at plan',
    changes: 'guarded',
    type: ACR,
    path: ['lifecycle', 'prevent_destroy'],
    value: false,
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, type, path, value, changes }) => {
    const edited = new Editable(planeOf(cloud));
    const [id = ''] = Object.keys(edited.stack.resource[type] ?? {});
    edited.set(type, plainId(id), path, value);
    expect(registryFacts(cloud, edited.stack)[changes]).not.toEqual(promised(cloud)[changes]);
  });
});
