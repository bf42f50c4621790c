import { EcrLifecyclePolicy } from '@cdktf/provider-aws/lib/ecr-lifecycle-policy/index.js';
import { EcrRepository } from '@cdktf/provider-aws/lib/ecr-repository/index.js';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildAwsMirrors } from './aws-mirrors.js';
import { IMAGES, type RegistryOutput, type ResolvedRegistry } from './contract.js';

type AwsRegistry = ResolvedRegistry<AwsSite>;

/** ECR has a repository an image; the account is the registry. */
export function buildAwsRegistry(unit: Construct, config: AwsRegistry): RegistryOutput {
  const [service] = IMAGES;
  const repository = buildRepository(unit, config, service);
  for (const image of IMAGES.slice(1)) buildRepository(unit, config, image);
  buildAwsMirrors(unit, config);
  const prefix = Fn.trimsuffix(repository.repositoryUrl, `/${service}`);
  return {
    prefix,
    id: repository.arn,
    address: addressOf(repository),
    mirrors: Object.fromEntries(config.mirrors.map(({ host, label }) => [host, `${prefix}/${label}`])),
  };
}

function buildRepository(unit: Construct, config: AwsRegistry, image: string): EcrRepository {
  const { site, tags, key, untaggedDays } = config;
  const repository = new EcrRepository(unit, image, {
    ...providerOf(site),
    name: checkName('aws', 'registry', `${config.name}/${image}`),
    // What was tested is what runs: a tag is said once.
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfiguration: [{ encryptionType: 'KMS', kmsKey: key.id }],
    forceDelete: false,
    tags: buildTags('aws', tags, 'objects'),
    lifecycle: GUARDED,
  });
  new EcrLifecyclePolicy(unit, `${image}_lifecycle`, {
    ...providerOf(site),
    repository: repository.name,
    policy: JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          description: 'layers that no tag names',
          selection: {
            tagStatus: 'untagged',
            countType: 'sinceImagePushed',
            countUnit: 'days',
            countNumber: untaggedDays,
          },
          action: { type: 'expire' },
        },
      ],
    }),
  });
  return repository;
}
