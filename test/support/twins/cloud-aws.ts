import { CERTIFICATE, dashed, firstOf, type Made, textOf, uuidOf } from './cloud.js';

const SERVICES: readonly (readonly [RegExp, string])[] = [
  [/^s3/, 's3'],
  [/^kms/, 'kms'],
  [/^(db|rds)/, 'rds'],
  [/^elasticache/, 'elasticache'],
  [/^iam/, 'iam'],
  [/^sqs/, 'sqs'],
  [/^sns/, 'sns'],
  [/^ecr/, 'ecr'],
  [/^ecs/, 'ecs'],
  [/^eks/, 'eks'],
  [/^cloudwatch_(log|query)/, 'logs'],
  [/^cloudwatch_event/, 'events'],
  [/^cloudwatch/, 'cloudwatch'],
  [/^cloudtrail/, 'cloudtrail'],
  [/^secretsmanager/, 'secretsmanager'],
  [/^backup/, 'backup'],
  [/^(lb|alb)/, 'elasticloadbalancing'],
];

const IDS: Readonly<Record<string, string>> = {
  vpc: 'vpc',
  subnet: 'subnet',
  security_group: 'sg',
  default_security_group: 'sg',
  eip: 'eipalloc',
  nat_gateway: 'nat',
  internet_gateway: 'igw',
  route_table: 'rtb',
  route_table_association: 'rtbassoc',
  route: 'r',
  flow_log: 'fl',
  vpc_endpoint: 'vpce',
  launch_template: 'lt',
  vpc_security_group_ingress_rule: 'sgr',
  vpc_security_group_egress_rule: 'sgr',
};

const NAMES = ['name', 'bucket', 'identifier', 'replication_group_id', 'user_group_id', 'user_id', 'cluster_name'];

/** Values as AWS makes them: ARNs of the account and region, identifiers with the prefix of their kind. */
export function awsText(made: Made, name: string): string {
  const { kind, seed } = made;
  const own = textOf(made.fields, ...NAMES, 'repository', 'repository_name', 'addon_name', 'node_group_name');
  if (name === 'id') return idOf(made, own);
  if (name === 'arn') return arnOf(made, own ?? dashed(kind));
  if (name === 'region') return regionOf(made);
  if (name === 'key_id') return textOf(made.fields, 'id') ?? uuidOf(seed);
  if (name === 'url' && kind === 'sqs_queue') return idOf(made, own);
  if (/(^|_)arn$/.test(name)) return arnOf(made, `${own ?? dashed(kind)}/${dashed(name)}`);
  if (/(^|_)account_id$|^owner_id$|^registry_id$/.test(name)) return accountOf(made);
  if (/issuer$/.test(name))
    return `https://oidc.eks.${regionOf(made)}.amazonaws.com/id/${seed.slice(0, 32).toUpperCase()}`;
  if (name === 'certificate_authority.data') return Buffer.from(CERTIFICATE).toString('base64');
  if (name === 'endpoint' && kind === 'eks_cluster') return `https://${hostOf(made, own)}`;
  if (name === 'endpoint' && kind === 'db_instance') return `${hostOf(made, own)}:5432`;
  if (/endpoint|address|domain|dns_name|fqdn/.test(name)) return hostOf(made, own);
  if (/(^|_)id$|_id\b/.test(name)) return `${dashed(name).replace(/-id$/, '')}-${seed.slice(0, 17)}`;
  if (/version/.test(name)) return '1';
  return own === undefined ? `${dashed(name)}-${seed.slice(0, 8)}` : name === 'name' ? own : `${own}-${dashed(name)}`;
}

const regionOf = ({ fields, setting }: Made): string =>
  textOf(fields, 'region') ?? textOf(setting, 'region') ?? 'us-east-1';

const accountOf = ({ setting }: Made): string => firstOf(setting, 'allowed_account_ids') ?? '000000000000';

const serviceOf = (kind: string): string => SERVICES.find(([pattern]) => pattern.test(kind))?.[1] ?? 'ec2';

function idOf(made: Made, own: string | undefined): string {
  const { kind, seed, fields } = made;
  if (kind === 'kms_key') return fields.multi_region === true ? `mrk-${seed.slice(0, 32)}` : uuidOf(seed);
  // A replica has the id of its primary.
  if (kind === 'kms_replica_key') return textOf(fields, 'primary_key_arn')?.split('/').at(-1) ?? uuidOf(seed);
  if (kind === 'sqs_queue') return `https://sqs.${regionOf(made)}.amazonaws.com/${accountOf(made)}/${own}`;
  if (/^(sns_topic|secretsmanager_secret)$/.test(kind)) return arnOf(made, own ?? kind);
  const prefix = IDS[kind];
  if (prefix !== undefined) return `${prefix}-${seed.slice(0, 17)}`;
  return own ?? `${dashed(kind)}-${seed.slice(0, 17)}`;
}

function arnOf(made: Made, own: string): string {
  const { kind, fields, seed } = made;
  const region = regionOf(made);
  const partition = region.startsWith('us-gov-') ? 'aws-us-gov' : region.startsWith('cn-') ? 'aws-cn' : 'aws';
  const arn = (service: string, rest: string): string =>
    `arn:${partition}:${service}:${service === 'iam' || service === 's3' ? '' : region}:${service === 's3' ? '' : accountOf(made)}:${rest}`;
  const id = textOf(fields, 'id') ?? own;
  switch (kind) {
    case 's3_bucket':
      return arn('s3', own);
    case 'kms_key':
    case 'kms_replica_key':
      return arn('kms', `key/${id}`);
    case 'kms_alias':
      return arn('kms', own);
    case 'iam_role':
    case 'iam_policy':
      return arn('iam', `${kind.slice(4)}${textOf(fields, 'path') ?? '/'}${own}`);
    case 'db_instance':
      return arn('rds', `db:${own}`);
    case 'sqs_queue':
      return arn('sqs', own);
    case 'sns_topic':
      return arn('sns', own);
    case 'cloudwatch_log_group':
      return arn('logs', `log-group:${own}`);
    case 'secretsmanager_secret':
      return arn('secretsmanager', `secret:${own}-${seed.slice(0, 6)}`);
    case 'ecr_repository':
      return arn('ecr', `repository/${own}`);
    case 'eks_cluster':
      return arn('eks', `cluster/${own}`);
    default: {
      const service = serviceOf(kind);
      const rest = service === 'ec2' ? `${dashed(kind)}/${id}` : `${dashed(kind.replace(/^[a-z0-9]+_/, ''))}/${own}`;
      return arn(service, rest);
    }
  }
}

function hostOf(made: Made, own = dashed(made.kind)): string {
  const region = regionOf(made);
  if (made.kind === 's3_bucket') return `${own}.s3.${region}.amazonaws.com`;
  return `${own}.${made.seed.slice(0, 12)}.${region}.${serviceOf(made.kind)}.amazonaws.com`;
}
