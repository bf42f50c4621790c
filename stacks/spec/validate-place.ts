import { type Check, oneOf, pattern } from './checks.js';
import type { AwsPlace, AzurePlace, Environment, GcpPlace, Place } from './environment.js';
import { partitionOf, REGIONS, zonePattern, zonesSaid } from './regions.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ACCOUNT = 'missing or malformed account id';
const LOCKED_OUT = 'a wrong ARN here locks everybody out of the keys';

export function checkPlace({ place }: Environment): readonly Check[] {
  return [...checkRegions(place), ...checkAccount(place)];
}

function checkRegions(place: Place): readonly Check[] {
  const regions = REGIONS[place.cloud];
  const zone = zonePattern(place);
  return [
    oneOf('place.region', place.region, regions, 'unknown region'),
    oneOf('place.replicaRegion', place.replicaRegion, regions, 'unknown region'),
    place.region === place.replicaRegion
      ? {
          path: 'place.replicaRegion',
          value: place.replicaRegion,
          message: 'replica region must differ',
          allowed: 'another region',
        }
      : undefined,
    // Of a region that nobody knows, nobody knows the zones.
    !regions.includes(place.region) ||
    (new Set<string>(place.zones).size === 3 && place.zones.every((one) => zone.test(one)))
      ? undefined
      : {
          path: 'place.zones',
          value: place.zones,
          message: `three zones of ${place.region}`,
          allowed: zonesSaid(place),
        },
  ];
}

function checkAccount(place: Place): readonly Check[] {
  switch (place.cloud) {
    case 'aws':
      return checkAws(place);
    case 'gcp':
      return checkGcp(place);
    case 'azure':
      return checkAzure(place);
  }
}

function checkAws(place: AwsPlace): readonly Check[] {
  const roles = ['deployRoleArn', 'complianceRoleArn', 'breakGlassRoleArn'] as const;
  const arn = new RegExp(`^arn:${place.partition}:iam::${place.accountId}:role/[\\w+=,.@/-]+$`);
  const account = pattern('place.accountId', place.accountId, /^\d{12}$/, ACCOUNT, '12 digits');
  const said = `arn:${place.partition}:iam::${place.accountId}:role/<name>`;
  return [
    account,
    ...checkPartition(place),
    // Of no account, no role is right.
    ...(account === undefined ? roles.map((role) => pattern(`place.${role}`, place[role], arn, LOCKED_OUT, said)) : []),
    ...distinct(place, roles),
  ];
}

const CHINA =
  'nothing here is made for AWS in China: endpoints and principals have other names there, and some are missing';

/** Nothing reaches from one partition into another, so both regions are of the one that is named. */
function checkPartition({ partition, region, replicaRegion }: AwsPlace): readonly Check[] {
  const named = oneOf(
    'place.partition',
    partition,
    ['aws', 'aws-us-gov'],
    partition === 'aws-cn' ? CHINA : 'no such partition',
  );
  if (named !== undefined) return [named];
  return (Object.entries({ region, replicaRegion }) as readonly (readonly [string, string])[]).map(([field, value]) =>
    !REGIONS.aws.includes(value) || partitionOf(value) === partition
      ? undefined
      : {
          path: `place.${field}`,
          value,
          message: `not a region of the partition ${partition}`,
          allowed: REGIONS.aws.filter((one) => partitionOf(one) === partition).join(', '),
        },
  );
}

function checkGcp(place: GcpPlace): readonly Check[] {
  const account = /^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]+\.iam\.gserviceaccount\.com$/;
  const groups = ['complianceGroup', 'breakGlassGroup'] as const;
  return [
    pattern(
      'place.projectId',
      place.projectId,
      /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      ACCOUNT,
      '6 to 30 lower-case letters, digits and hyphens',
    ),
    pattern('place.projectNumber', place.projectNumber, /^\d{6,}$/, ACCOUNT, 'digits, six or more'),
    pattern('place.deployServiceAccount', place.deployServiceAccount, account, 'needs a service account'),
    ...groups.map((group) => pattern(`place.${group}`, place[group], /^[^@\s]+@[^@\s]+$/, 'needs the group’s address')),
    ...distinct(place, groups),
  ];
}

function checkAzure(place: AzurePlace): readonly Check[] {
  const ids = ['subscriptionId', 'entraTenantId'] as const;
  const principals = ['deployPrincipalId', 'complianceGroupId', 'breakGlassGroupId', 'adminGroupId'] as const;
  return [
    ...[...ids, ...principals].map((field) =>
      pattern(`place.${field}`, place[field], UUID, ACCOUNT, 'a UUID in lower case'),
    ),
    pattern('place.suffix', place.suffix, /^[a-z0-9]{6}$/, 'unique in the world', 'six lower-case letters and digits'),
    oneOf('place.immutability', place.immutability, ['Unlocked', 'Locked']),
    ...distinct(place, principals),
  ];
}

/** Who deploys, who judges and who breaks the glass are different people. */
function distinct<K extends string>(place: Readonly<Record<K, string>>, fields: readonly K[]): readonly Check[] {
  return fields
    .filter((field, index) => fields.slice(0, index).some((earlier) => place[earlier] === place[field]))
    .map((field) => ({
      path: `place.${field}`,
      value: place[field],
      message: 'the same principal as another duty',
      allowed: `a principal of its own for each of ${fields.join(', ')}`,
    }));
}
