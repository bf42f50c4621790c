import type { Problem } from './environment.js';

type Shape = 'text' | 'number' | 'promise' | 'flag' | Fields | List;
interface Fields {
  readonly must: Readonly<Record<string, Shape>>;
  readonly may: Readonly<Record<string, Shape>>;
  /** Further fields are texts: tags are anybody's. */
  readonly open: boolean;
}
interface List {
  readonly each: Shape;
}

type Named = Readonly<Record<string, Shape>>;

const fields = (must: Named, may: Named = {}, open = false): Fields => ({ must, may, open });
const list = (each: Shape): List => ({ each });
const texts = (...names: readonly string[]): Named => Object.fromEntries(names.map((name) => [name, 'text']));
const numbers = (...names: readonly string[]): Named => Object.fromEntries(names.map((name) => [name, 'number']));
const promised = (...names: readonly string[]): Named => Object.fromEntries(names.map((name) => [name, 'promise']));
const flags = (...names: readonly string[]): Named => Object.fromEntries(names.map((name) => [name, 'flag']));
const optional = (...parts: readonly Named[]): Fields => fields({}, Object.assign({}, ...parts));

const region = { ...texts('cloud', 'region', 'replicaRegion'), zones: list('text') };

const PLACES: Readonly<Record<string, Fields>> = {
  aws: fields({
    ...region,
    ...texts('accountId', 'partition', 'deployRoleArn', 'complianceRoleArn', 'breakGlassRoleArn'),
  }),
  gcp: fields({
    ...region,
    ...texts('projectId', 'projectNumber', 'deployServiceAccount', 'complianceGroup', 'breakGlassGroup'),
  }),
  azure: fields({
    ...region,
    ...texts('subscriptionId', 'entraTenantId', 'suffix', 'deployPrincipalId', 'complianceGroupId'),
    ...texts('breakGlassGroupId', 'adminGroupId', 'immutability'),
  }),
};

const pool = optional(texts('size', 'instance'), numbers('minPerZone', 'maxPerZone', 'diskGb'));
const tiers = numbers('archiveAfterDays', 'infrequentAfterDays', 'expireDays', 'noncurrentDays');
const locked = { ...tiers, ...texts('lock'), ...numbers('floorDays', 'retentionDays') };

const POSTGRES = fields(texts('name'), {
  ...texts('size', 'instance', 'version', 'pooler'),
  ...numbers('storageGb', 'maxStorageGb', 'readReplicas', 'pitrDays', 'maxConnections', 'reservedConnections'),
  ...numbers('capacity', 'poolPerPod', 'adminPasswordVersion'),
  ...flags('highlyAvailable', 'crossRegion'),
  maintenance: fields({ ...texts('day'), ...numbers('hour') }),
});

const NETWORK = optional(
  texts('cidr', 'endpointCidr', 'controlPlaneCidr', 'podCidr', 'serviceCidr'),
  Object.fromEntries(
    ['publicCidrs', 'nodeCidrs', 'dataCidrs', 'biSourceCidrs', 'apiSourceCidrs', 'peerCidrs'].map((one) => [
      one,
      list('text'),
    ]),
  ),
  { egress: list(fields({ ...texts('name', 'cidr'), ports: list('number') })) },
  flags('natPerZone'),
  numbers('flowLogDays'),
);

const MAY: Named = {
  network: NETWORK,
  cluster: optional(texts('version'), flags('publicEndpoint'), { pools: optional({ system: pool, services: pool }) }),
  identity: optional(texts('aws', 'operatorNamespace', 'dataNamespace', 'secretsNamespace')),
  postgres: list(POSTGRES),
  redis: optional(texts('target', 'size', 'instance'), numbers('replicas', 'snapshotDays')),
  qdrant: optional(texts('size', 'instance'), numbers('nodes', 'diskGb', 'replicationFactor', 'snapshotHours')),
  queue: optional(flags('enabled'), numbers('visibilitySeconds', 'maxReceives')),
  buckets: optional({
    artifacts: optional(tiers),
    backups: optional(locked, flags('crossRegion')),
    audit: optional(locked),
    accessLogs: optional(tiers),
  }),
  kms: optional(numbers('rotationDays', 'deletionWindowDays'), texts('protection')),
  observability: optional(flags('dedicatedLogs'), numbers('logDays'), { alarmEmails: list('text') }, texts('metrics')),
  registry: optional(numbers('untaggedDays'), { mirrors: list('text') }),
  providers: optional(texts('aws', 'google', 'azurerm')),
  access: fields({
    pipeline: fields(texts('issuer', 'subject')),
    compliance: list('text'),
    breakGlass: list('text'),
  }),
  ecs: fields(
    { ...texts('certificateArn', 'imageDigest'), tenants: list('text') },
    numbers('cpu', 'memory', 'desiredCount'),
  ),
  waivers: list(fields(texts('rule', 'resource', 'reason', 'owner', 'expires'))),
  state: optional(flags('bucket')),
  prices: optional(texts('book', 'currency'), { assumptions: optional(numbers('tenants', 'ingestGbPerDay')) }),
  promises: optional(numbers('monthlyBudget'), {
    rpoMinutes: optional(promised('postgresZone', 'postgresRegion', 'artifactsRegion', 'auditRegion', 'cache')),
    rtoMinutes: optional(promised('zone', 'region')),
  }),
};

const EDGE = fields(texts('dnsZone'), {
  ...flags('manageZone'),
  ...texts('zoneId'),
  issuer: optional(texts('name', 'email')),
});

const environmentOf = (place: Fields): Fields =>
  fields(
    {
      ...texts('name', 'profile', 'clusterId', 'baseDomain'),
      place,
      edge: EDGE,
      tags: fields(texts('owner', 'costCenter', 'dataClass'), {}, true),
    },
    MAY,
  );

/**
 * What the compiler says to those who ask it: fields that are missing, misspelt or of another kind. Everything else
 * about an environment is judged by its value, and needs that these are what they seem.
 */
export function shapeProblems(input: unknown, index: number): readonly Problem[] {
  const cloud = partsOf(partsOf(input).place).cloud;
  const known = typeof cloud === 'string' ? own(PLACES, cloud) : undefined;
  const label = labelOf(input, index);
  if (!isObject(input)) return [wrong(label, input, 'an object')];
  if (known === undefined) {
    const allowed = Object.keys(PLACES).join(', ');
    return [{ path: `${label}.place.cloud`, value: cloud, message: 'no such cloud', allowed }];
  }
  return judge(label, input, environmentOf(known));
}

/** How problems name an environment: by cloud and name, or by its place in the list where it has none. */
export function labelOf(input: unknown, index: number): string {
  const { name, place } = partsOf(input);
  const cloud = partsOf(place).cloud;
  const known = typeof cloud === 'string' && own(PLACES, cloud) !== undefined && typeof name === 'string';
  return known ? `${cloud}-${name}` : `environments[${index}]`;
}

function judge(path: string, value: unknown, shape: Shape): readonly Problem[] {
  if (typeof shape === 'string') {
    if (shape === 'promise' && value === null) return [];
    if (typeof value !== KINDS[shape].type || Number.isNaN(value)) return [wrong(path, value, KINDS[shape].said)];
    return typeof value === 'string' && EXPRESSION.test(value) ? [evaluated(path, value)] : [];
  }
  if ('each' in shape) {
    if (!Array.isArray(value)) return [wrong(path, value, 'a list')];
    return value.flatMap((one, index) => judge(`${path}[${index}]`, one, shape.each));
  }
  if (!isObject(value)) return [wrong(path, value, 'an object')];
  return judgeFields(path, partsOf(value), shape);
}

function judgeFields(path: string, value: Readonly<Record<string, unknown>>, shape: Fields): readonly Problem[] {
  const known = { ...shape.must, ...shape.may };
  const given = Object.entries(value).filter(([, one]) => one !== undefined);
  const missing = Object.entries(shape.must).filter(([name]) => value[name] === undefined);
  return [
    ...missing.map(([name, of]) => ({
      path: `${path}.${name}`,
      value: undefined,
      message: 'is missing',
      allowed: saidOf(of),
    })),
    ...given.flatMap(([name, one]): readonly Problem[] => {
      const of = own(known, name) ?? (shape.open ? 'text' : undefined);
      if (of !== undefined) return judge(`${path}.${name}`, one, of);
      const allowed = Object.keys(known).join(', ');
      return [{ path: `${path}.${name}`, value: one, message: 'no such field', allowed }];
    }),
  ];
}

const KINDS = {
  text: { type: 'string', said: 'a text' },
  number: { type: 'number', said: 'a number' },
  promise: { type: 'number', said: 'a number, or null for no promise' },
  flag: { type: 'boolean', said: 'true or false' },
} as const;

/** What every object has of JavaScript is no field of ours: `constructor`, `toString`. */
const own = <T>(fields: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Terraform would put something else in its place. */
const EXPRESSION = /[$%]\{/;

const evaluated = (path: string, value: string): Problem => ({
  path,
  value,
  message: 'Terraform would evaluate it',
  allowed: 'a text without ${ and %{',
});

const saidOf = (shape: Shape): string =>
  typeof shape === 'string' ? KINDS[shape].said : 'each' in shape ? 'a list' : 'an object';

const wrong = (path: string, value: unknown, said: string): Problem => ({
  path,
  value,
  message: `must be ${said}`,
  allowed: said,
});

const partsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
