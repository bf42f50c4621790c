import { withDefaults } from '../../stacks/spec/defaults.js';
import type { AwsPlace, EnvironmentInput, Place } from '../../stacks/spec/environment.js';
import { prod } from '../../stacks/spec/prod.js';
import { type StackJson, synth } from '../support/stacks.js';

interface Elsewhere {
  readonly name: string;
  readonly region: string;
  readonly replicaRegion: string;
  readonly partition?: AwsPlace['partition'];
}

const AWS: readonly Elsewhere[] = [
  { name: 'useast', region: 'us-east-1', replicaRegion: 'us-west-2' },
  { name: 'sydney', region: 'ap-southeast-2', replicaRegion: 'ap-southeast-1' },
  { name: 'gov', region: 'us-gov-west-1', replicaRegion: 'us-gov-east-1', partition: 'aws-us-gov' },
];
const GCP: readonly Elsewhere[] = [{ name: 'iowa', region: 'us-central1', replicaRegion: 'us-east1' }];
const AZURE: readonly Elsewhere[] = [{ name: 'useast', region: 'eastus2', replicaRegion: 'centralus' }];

/** An environment of production as it would be written for another place, account included. */
function moved(cloud: Place['cloud'], { name, region, replicaRegion, partition = 'aws' }: Elsewhere) {
  const input = prod.find(({ place }) => place.cloud === cloud);
  if (input === undefined) throw new Error(`no production on ${cloud}`);
  const zones =
    cloud === 'azure'
      ? ['1', '2', '3']
      : ['a', 'b', 'c'].map((zone) => `${region}${cloud === 'gcp' ? '-' : ''}${zone}`);
  const place = { ...input.place, region, replicaRegion, zones, ...(cloud === 'aws' ? { partition } : {}) };
  const text = JSON.stringify({ ...input, name, place, clusterId: `${name}-${cloud}-1` });
  return withDefaults(
    JSON.parse(
      text
        .replaceAll('arn:aws:', `arn:${partition}:`)
        .replaceAll('memplane/prod/memplane-prod', `memplane/${name}/memplane-${name}`)
        .replaceAll(input.baseDomain, `memory.${name}.${cloud}.example.com`),
    ) as EnvironmentInput,
  );
}

const elsewhere = { aws: AWS, gcp: GCP, azure: AZURE } as const;
const clouds = ['aws', 'gcp', 'azure'] as const;
const synthesised = synth(clouds.flatMap((cloud) => elsewhere[cloud].map((one) => moved(cloud, one))));

const text = (name: string): string => JSON.stringify(synthesised.stacks.get(name));
const HOME = /eu-central-1|eu-west-1|europe-west[34]|northeurope|westeurope/;

it('production is synthesised, proved and priced in other regions and in GovCloud', () => {
  expect(synthesised.errors.filter((line) => line.startsWith('error'))).toEqual([]);
  expect(synthesised.code).toBe(0);
});

it.each(clouds.flatMap((cloud) => elsewhere[cloud].map(({ name }) => `${cloud}-${name}`)))(
  '%s names no region of the examples',
  (environment) => {
    for (const layer of ['bootstrap', 'vault', 'plane']) {
      const stack = `${environment}-${layer}`;
      expect([stack, HOME.exec(text(stack))?.[0]]).toEqual([stack, undefined]);
    }
  },
);

it('every ARN of GovCloud is of its partition, and its hosts are those of AWS', () => {
  for (const layer of ['bootstrap', 'vault', 'plane']) {
    const arns = text(`aws-gov-${layer}`).match(/arn:[a-z-]*:[a-z0-9-]*/g) ?? [];
    expect(arns.length).toBeGreaterThan(20);
    expect(arns.filter((arn) => !arn.startsWith('arn:aws-us-gov:'))).toEqual([]);
  }
});

it('EKS gets its images from the account of its region', () => {
  const policyOf = (name: string): string => {
    const { resource } = synthesised.stacks.get(name) as StackJson;
    const endpoint = Object.values(resource.aws_vpc_endpoint ?? {}).find(({ policy }) => policy !== undefined);
    return String(endpoint?.policy);
  };
  expect(policyOf('aws-gov-plane')).toContain('"013241004608"');
  expect(policyOf('aws-useast-plane')).toContain('"602401143452"');
});
