import { stringify } from 'yaml';
import { memoryPlane } from '../../api/v1alpha1/schema/memory-plane.js';
import { validateKind } from '../../api/v1alpha1/validate.js';
import type { Command, Input, Terminal } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { readText } from '../files.js';
import { refuseObject } from '../invalid-object.js';
import { buildPlaneObjects } from '../plane/companions.js';
import { readOutputs } from '../plane/outputs.js';
import type { PlaneChoices } from '../plane/plane-object.js';
import { listPrerequisites } from '../plane/prerequisites.js';

export const planeFromOutputs: Command = {
  about:
    'Reads what "terraform output -json" (or tofu) prints of the plane stack, checks all of it, and writes manifests ' +
    'for "kubectl apply -f -" on standard output. No secret passes through. What else must be there goes to standard error.',
  parameters: [
    { name: 'FILE', summary: 'outputs of the plane stack, - for standard input; more files are added', repeats: true },
  ],
  flags: [
    { name: 'vault', value: 'FILE', summary: 'outputs of the vault stack: checks that both are of one environment' },
    { name: 'name', value: 'NAME', summary: 'name of the MemoryPlane (default)' },
    { name: 'ring', value: 'NAME=VERSION', repeats: true, summary: 'a ring, in rollout order (stable=this version)' },
    { name: 'gateway', value: 'NAMESPACE/NAME[/LISTENER]', repeats: true, summary: 'Gateway that routes attach to' },
    { name: 'ingress-class', value: 'NAME', summary: 'class of Ingress objects, where there is no Gateway' },
    { name: 'issuer', value: 'NAME', summary: 'ClusterIssuer of certificates (edge.issuer of the spec)' },
    { name: 'qdrant', value: 'URL', summary: 'where the vector store answers, once it is installed' },
    { name: 'pull-secret', value: 'NAME', repeats: true, summary: 'Secret for pulling images' },
    { name: 'ca-bundle', value: 'FILE', summary: "PEM that verifies the cloud's databases (AWS: the bundle of RDS)" },
    { name: 'trust-bundle', summary: 'the certificates are in every namespace of a tenant: let pods use them' },
    { name: 'external-secrets', summary: 'also write ClusterSecretStore and ExternalSecrets' },
    { name: 'cluster-issuer', summary: 'also write the ClusterIssuer that proves names in the zone of the plane' },
    { name: 'quiet', summary: 'do not list what else must be there' },
  ],
  exits: [
    [EXIT.ok, 'the manifests are on standard output'],
    [EXIT.unusable, 'an output is missing or wrong; all are named, and nothing is written'],
  ],
  examples: [
    'terraform output -json | memoryctl plane from-outputs - | kubectl apply -f -',
    'memoryctl plane from-outputs plane.json --vault vault.json --gateway gateway-system/public/https',
  ],
  run,
};

async function run(input: Input, terminal: Terminal) {
  const choices = await readChoices(input, terminal);
  const also = { externalSecrets: input.isSet('external-secrets'), clusterIssuer: input.isSet('cluster-issuer') };
  const vault = input.value('vault');
  const names = vault === undefined ? input.parameters : [...input.parameters, vault];
  const files = await Promise.all(names.map(async (name) => ({ name, text: await readText(name, terminal) })));
  const { plane } = readOutputs(files);
  const objects = buildPlaneObjects(plane, choices, also);
  const errors = validateKind(memoryPlane, objects[0]);
  if (errors.length > 0) {
    const given = FIELDS.flatMap(([flag, path]) => (input.isSet(flag) ? [path] : []));
    throw refuseObject('these outputs make no valid MemoryPlane', errors, given);
  }
  if (terminal.json) terminal.out(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`);
  else terminal.out(objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'));
  if (!input.isSet('quiet')) {
    terminal.note('This also needs:');
    for (const line of listPrerequisites(plane, choices, also)) terminal.note(`- ${line}`);
  }
  return EXIT.ok;
}

/** What each flag gives; the rest comes from the outputs. */
const FIELDS = [
  ['ring', 'spec.rings'],
  ['gateway', 'spec.gateway.parentRefs'],
  ['ingress-class', 'spec.gateway.ingressClassName'],
  ['issuer', 'spec.gateway.issuerRef'],
  ['qdrant', 'spec.qdrant'],
  ['pull-secret', 'spec.image.pullSecretRefs'],
] as const;

async function readChoices(input: Input, terminal: Terminal): Promise<PlaneChoices> {
  const ingressClassName = input.value('ingress-class');
  const issuer = input.value('issuer');
  const bundle = input.value('ca-bundle');
  const qdrantUrl = input.value('qdrant');
  const rings = input.values('ring').map(readRing);
  return {
    name: readName(input.value('name') ?? 'default'),
    rings: rings.length === 0 ? [{ name: 'stable', version: terminal.version }] : rings,
    gateways: input.values('gateway').map(readGateway),
    pullSecrets: input.values('pull-secret'),
    trustBundle: input.isSet('trust-bundle'),
    ...(ingressClassName === undefined ? {} : { ingressClassName }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(qdrantUrl === undefined ? {} : { qdrantUrl }),
    ...(bundle === undefined ? {} : { caBundle: await readBundle(bundle, terminal) }),
  };
}

function readName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text)) return text;
  throw usageError(`--name ${text} is no name of an object`, 'lower-case letters, digits, hyphens and dots');
}

function readRing(text: string) {
  const [name, version, ...more] = text.split('=');
  if (!name || !version || more.length > 0)
    throw usageError(`--ring ${text} is not NAME=VERSION`, 'such as --ring stable=1.4.0');
  return { name, version };
}

function readGateway(text: string) {
  const [namespace, name, sectionName, ...more] = text.split('/');
  if (!namespace || !name || sectionName === '' || more.length > 0) {
    throw usageError(`--gateway ${text} is not NAMESPACE/NAME or NAMESPACE/NAME/LISTENER`);
  }
  return { namespace, name, ...(sectionName === undefined ? {} : { sectionName }) };
}

async function readBundle(path: string, terminal: Terminal): Promise<string> {
  const text = await readText(path, terminal);
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text)) return text;
  throw unusableError(`${path} holds no certificate in PEM`, ['give the bundle as the cloud publishes it']);
}
