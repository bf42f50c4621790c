import { OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import type { Companions } from './companions.js';
import { listEdgeNotes, listMetricsNotes } from './edge.js';
import type { PlaneOutputs } from './outputs-schema.js';
import { adminSecretOf, type PlaneChoices } from './plane-object.js';
import { TRUST } from './trust.js';

/** What the plane needs that these objects do not bring. */
export function listPrerequisites(
  outputs: PlaneOutputs,
  choices: PlaneChoices,
  { externalSecrets, clusterIssuer }: Companions,
): readonly string[] {
  const { cloud, baseDomain, registry, mirrors } = outputs;
  return [
    'the resource definitions and the operator: kubectl apply -f dist/charts/crds.yaml -f dist/charts/operator.yaml',
    ...secretNotes(outputs, externalSecrets),
    ...trustNotes(outputs, choices),
    ...gatewayNotes(baseDomain, choices),
    ...issuerNotes(outputs, choices, clusterIssuer),
    ...listEdgeNotes(outputs),
    ...listMetricsNotes(outputs),
    `the images at ${registry}, mirrored there`,
    ...Object.entries(mirrors ?? {}).map(([host, prefix]) => `images of ${host} by the name ${prefix}/…`),
    ...vectorNotes(outputs, choices),
    ...(cloud === 'azure' ? ['workload identity: client ids are set for each tenant by the operator'] : []),
  ];
}

function secretNotes({ postgres }: PlaneOutputs, externalSecrets: boolean): readonly string[] {
  if (externalSecrets) return ['External Secrets Operator, whose account external-secrets/external-secrets may read'];
  return postgres.map(
    ({ name, adminSecret }) =>
      `Secret ${OPERATOR_NAMESPACE}/${adminSecretOf(name)} with username and password, from ${adminSecret} ` +
      '(--external-secrets writes what fetches it)',
  );
}

function trustNotes(outputs: PlaneOutputs, { caBundle, trustBundle }: PlaneChoices): readonly string[] {
  const { cloud, postgres, redis, region } = outputs;
  const own = [...postgres, ...redis].some(({ ca }) => ca !== 'public');
  const host = region.startsWith('us-gov-') ? 'truststore.pki.us-gov-west-1.rds' : 'truststore.pki.rds';
  const url = `https://${host}.amazonaws.com/${region}/${region}-bundle.pem`;
  return [
    ...(cloud === 'aws' && caBundle === undefined
      ? [`the authority of RDS, which systems do not trust: --ca-bundle FILE with ${url}`]
      : []),
    ...((own || caBundle !== undefined) && !trustBundle
      ? [
          `ConfigMap ${TRUST.configMap} in every namespace of a tenant (trust-manager does it); then give --trust-bundle`,
        ]
      : []),
  ];
}

function issuerNotes({ edge }: PlaneOutputs, { issuer }: PlaneChoices, written: boolean): readonly string[] {
  const name = issuer ?? edge?.issuer.name;
  if (name === undefined) return [];
  return written
    ? ['cert-manager, whose account cert-manager/cert-manager proves names in the zone']
    : [`ClusterIssuer ${name}, with DNS-01 for the wildcard (--cluster-issuer writes it)`];
}

function gatewayNotes(baseDomain: string, { gateways, ingressClassName }: PlaneChoices): readonly string[] {
  if (gateways.length === 0 && ingressClassName === undefined) {
    return ['a way in: give --gateway NAMESPACE/NAME or --ingress-class NAME, else tenants have no route'];
  }
  return [
    ...gateways.map(
      ({ namespace, name }) => `Gateway ${namespace}/${name}, which lets routes of all namespaces attach`,
    ),
    `DNS: *.${baseDomain} at its address, and a certificate for it`,
  ];
}

function vectorNotes({ qdrant: { namespace, nodes } }: PlaneOutputs, { qdrantUrl }: PlaneChoices): readonly string[] {
  if (qdrantUrl !== undefined) return [];
  return [
    `Qdrant in ${namespace} (${nodes} nodes), then --qdrant URL; until then vectors are searched in the services`,
  ];
}
