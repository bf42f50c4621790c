import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import { findOn, type Reader, type Readers, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const COMPUTE = 'https://compute.googleapis.com/compute/v1';

const each = (value: unknown, path: string): readonly Json[] => (at(value, path) ?? []) as readonly Json[];
const texts = (value: unknown, path: string): string | undefined =>
  listed(((at(value, path) ?? []) as readonly unknown[]).map(String));

/** GKE writes rules for its own nodes and balancers, each for the tag that these nodes alone have. */
function isOfGke(rule: Json): boolean {
  const tags = (at(rule, 'targetTags') ?? []) as readonly string[];
  return /^(gke|k8s)-/.test(String(rule.name)) && tags.length > 0 && tags.every((tag) => tag.startsWith('gke-'));
}

const readNetwork: Reader = async (rest, name, signal) => {
  const network = await rest.get(`${COMPUTE}/${name}`, signal);
  if (network === undefined) return undefined;
  const rules: string[] = [];
  const [project] = name.split('/global/');
  await findOn(rest, `${COMPUTE}/${project}/global/firewalls`, 'items', signal, (rule) => {
    if (textAt(rule, 'network')?.endsWith(`/${name}`) === true && !isOfGke(rule)) rules.push(String(rule.name));
    return false;
  });
  return { 'subnets by itself': at(network, 'autoCreateSubnetworks') === true, rules: listed(rules) };
};

const readNat: Reader = async (rest, name, signal) => {
  const [path, called] = name.split('#');
  const router = await rest.get(`${COMPUTE}/${path}`, signal);
  const nat = each(router, 'nats').find((one) => one.name === called);
  if (nat === undefined) return undefined;
  return {
    'lets out': textAt(nat, 'sourceSubnetworkIpRangesToNat'),
    subnets: listed(each(nat, 'subnetworks').map((one) => textAt(one, 'name')?.split('/').at(-1))),
    'written down': at(nat, 'logConfig.enable') === true,
  };
};

const readCopy: Reader = async (rest, name, signal) => {
  const [project = '', called] = name.split('#');
  const filter = encodeURIComponent(JSON.stringify({ projectId: project.replace('projects/', '') }));
  const url = `https://storagetransfer.googleapis.com/v1/transferJobs?filter=${filter}`;
  const job = await findOn(rest, url, 'transferJobs', signal, (one) => one.description === called);
  if (job === undefined || at(job, 'status') === 'DELETED') return undefined;
  const said = at(job, 'replicationSpec');
  return {
    state: textAt(job, 'status'),
    from: textAt(said, 'gcsDataSource.bucketName'),
    to: textAt(said, 'gcsDataSink.bucketName'),
    overwrites: textAt(said, 'transferOptions.overwriteWhen'),
    'deletions follow': at(said, 'transferOptions.deleteObjectsUniqueInSink') === true,
    'under the key': textAt(said, 'transferOptions.metadataOptions.kmsKey'),
  };
};

const portsText = (one: Json): string => {
  const ports = (one.ports ?? []) as readonly string[];
  return `${one.IPProtocol}${ports.length === 0 ? '' : ` ${ports.join('+')}`}`;
};

export const NETWORK: Readers = {
  network: readNetwork,
  nat: readNat,
  copy: readCopy,
  firewall: reading(
    (name) => `${COMPUTE}/${name}`,
    (rule) => ({
      on: at(rule, 'disabled') !== true,
      direction: textAt(rule, 'direction'),
      priority: numberAt(rule, 'priority'),
      allows: listed(each(rule, 'allowed').map(portsText)),
      denies: listed(each(rule, 'denied').map(portsText)),
      from: texts(rule, 'sourceRanges'),
      to: texts(rule, 'destinationRanges'),
      'written down': at(rule, 'logConfig.enable') === true,
    }),
  ),
  subnet: reading(
    (name) => `${COMPUTE}/${name}`,
    (subnet) => {
      const logs = at(subnet, 'logConfig.enable') === true;
      return {
        'address range': textAt(subnet, 'ipCidrRange'),
        'reaches Google inside': at(subnet, 'privateIpGoogleAccess') === true,
        'flows written down': logs,
        every: logs ? textAt(subnet, 'logConfig.aggregationInterval') : undefined,
        'share of flows': logs ? numberAt(subnet, 'logConfig.flowSampling') : undefined,
        metadata: logs ? textAt(subnet, 'logConfig.metadata') : undefined,
      };
    },
  ),
};
