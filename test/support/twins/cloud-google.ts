import { CERTIFICATE, dashed, type Made, textOf } from './cloud.js';

const camel = (kind: string): string => kind.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const plural = (noun: string): string =>
  noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : /(s|x)$/.test(noun) ? `${noun}es` : `${noun}s`;

/** Values as Google Cloud makes them: resource names under their project, links to them, service accounts. */
export function googleText(made: Made, name: string): string {
  const { kind, fields, seed } = made;
  const own = textOf(fields, 'name', 'secret_id', 'repository_id', 'account_id', 'topic', 'bucket', 'role_id');
  const project = projectOf(made);
  if (name === 'id') return idOf(made, own ?? `${dashed(kind)}-${seed.slice(0, 8)}`);
  if (name === 'project') return project;
  if (name === 'region' || name === 'location') return locationOf(made);
  if (name === 'name')
    return /^(secret_manager_secret|project_iam_custom_role)/.test(kind)
      ? idText(fields, own)
      : (own ?? idText(fields, own));
  if (name === 'self_link' || name === 'link')
    return `https://www.googleapis.com/${serviceOf(kind)}/v1/${idText(fields, own)}`;
  if (/self_link|_link$|network$|subnetwork$/.test(name))
    return `https://www.googleapis.com/${serviceOf(kind)}/v1/projects/${project}/${dashed(name)}`;
  if (name === 'url') return `gs://${own}`;
  if (/cert$|certificate$|certificates$/.test(name)) return CERTIFICATE;
  if (name === 'writer_identity')
    return `serviceAccount:service-${seed.slice(0, 12)}@gcp-sa-logging.iam.gserviceaccount.com`;
  if (/email|service_account|agent/.test(name)) return `${own ?? dashed(kind)}@${project}.iam.gserviceaccount.com`;
  if (name === 'member') return `serviceAccount:${own}@${project}.iam.gserviceaccount.com`;
  if (/connection_name$/.test(name)) return `${project}:${locationOf(made)}:${own}`;
  if (/dns_name|endpoint$|host/.test(name)) return `${own}.${seed.slice(0, 10)}.${locationOf(made)}.example.goog`;
  if (/ip_address|address$|_ip$/.test(name)) return `10.${Number.parseInt(seed.slice(0, 2), 16)}.0.2`;
  if (/(^|_)(id|uid|number)$/.test(name)) return BigInt(`0x${seed.slice(0, 12)}`).toString();
  if (/time$|timestamp$/.test(name)) return '2026-01-01T00:00:00Z';
  return `${dashed(name)}-${seed.slice(0, 8)}`;
}

const idText = (fields: Made['fields'], own: string | undefined): string => textOf(fields, 'id') ?? own ?? '';

const projectOf = ({ fields, setting }: Made): string =>
  textOf(fields, 'project') ?? textOf(setting, 'project') ?? 'twin-project';

const locationOf = ({ fields, setting }: Made): string =>
  textOf(fields, 'location', 'region') ?? textOf(setting, 'region') ?? 'europe-west1';

const serviceOf = (kind: string): string => (kind.startsWith('sql') ? 'sqladmin' : (kind.split('_')[0] ?? kind));

function idOf(made: Made, own: string): string {
  const { kind, fields } = made;
  const project = `projects/${projectOf(made)}`;
  if (/_iam_(member|binding|policy|audit_config)$/.test(kind)) return grantOf(made);
  const [service = '', ...rest] = kind.split('_');
  const kinds = plural(camel(rest.join('_') || service));
  switch (kind) {
    case 'storage_bucket':
      return own;
    case 'kms_crypto_key':
      return `${textOf(fields, 'key_ring')}/cryptoKeys/${own}`;
    case 'secret_manager_secret':
      return `${project}/secrets/${own}`;
    case 'secret_manager_secret_version':
      return `${textOf(fields, 'secret')}/versions/1`;
    case 'sql_user':
    case 'sql_database':
      return `${project}/instances/${textOf(fields, 'instance')}/${kinds}/${own}`;
    case 'sql_database_instance':
      return own;
    case 'service_account':
      return `${project}/serviceAccounts/${own}@${projectOf(made)}.iam.gserviceaccount.com`;
    case 'project_iam_custom_role':
      return `${project}/roles/${own}`;
    default:
      return `${project}/${placeOf(made, service)}${kinds}/${own}`;
  }
}

/** Networks and what has no region of its own are global. */
function placeOf(made: Made, service: string): string {
  const { fields } = made;
  if (service === 'compute') {
    const region = textOf(fields, 'region');
    return region === undefined ? 'global/' : `regions/${region}/`;
  }
  return textOf(fields, 'location', 'region') === undefined ? '' : `locations/${locationOf(made)}/`;
}

function grantOf({ fields, kind }: Made): string {
  const on = Object.entries(fields).find(
    ([name, value]) => !/^(role|member|id)$/.test(name) && typeof value === 'string',
  );
  return [on?.[1] ?? kind, textOf(fields, 'role'), textOf(fields, 'member')].filter(Boolean).join('/');
}
