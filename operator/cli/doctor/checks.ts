import { DEFAULT_CLASS_ANNOTATION, OPERATOR, OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import { MEMORY_PLANES, MEMORY_TENANT_CLASSES, MEMORY_TENANTS, OWN_RESOURCES } from '../../api/v1alpha1/resources.js';
import type { MemoryPlane, MemoryTenant, MemoryTenantClass } from '../../api/v1alpha1/types.js';
import type { KubeClient, LiveObject } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { type Check, type Finding, failure, ok, warning } from './check.js';

const server: Check = async (kube) => {
  const { gitVersion } = await kube.request<{ readonly gitVersion: string }>({ method: 'GET', path: '/version' });
  return [ok('server', `${gitVersion} at ${kube.server.origin}`)];
};

const kinds: Check = async (kube) => {
  const { items } = await kube.list(RESOURCES.customResourceDefinitions);
  const known = new Set(items.map(({ metadata }) => metadata.name));
  const missing = OWN_RESOURCES.filter(({ plural }) => !known.has(`${plural}.memplane.dev`)).map(({ kind }) => kind);
  if (missing.length === 0) return [ok('kinds', `all ${OWN_RESOURCES.length} are defined`)];
  return [failure('kinds', `not defined: ${missing.join(', ')}`, 'kubectl apply -f dist/charts/crds.yaml')];
};

interface Deployment extends LiveObject {
  readonly status?: { readonly availableReplicas?: number };
}

const operator: Check = async (kube) => {
  const { deployment } = OPERATOR;
  const name = `Deployment ${OPERATOR_NAMESPACE}/${deployment}`;
  const found = await kube.get<Deployment>({
    resource: RESOURCES.deployments,
    name: deployment,
    namespace: OPERATOR_NAMESPACE,
  });
  if (found === undefined) {
    const remedy = 'kubectl apply -f dist/charts/operator.yaml, unless it runs outside of the cluster (as in the demo)';
    return [warning('operator', `${name} does not exist`, remedy)];
  }
  const available = found.status?.availableReplicas ?? 0;
  if (available > 0) return [ok('operator', `${available} available`)];
  return [
    failure(
      'operator',
      `${name} has no pod that is available`,
      `kubectl -n ${OPERATOR_NAMESPACE} describe deployment ${deployment}`,
    ),
  ];
};

const planes: Check = async (kube) => {
  const { items } = await kube.list<MemoryPlane>(MEMORY_PLANES);
  if (items.length === 0) {
    const remedy = 'terraform output -json | memoryctl plane from-outputs - | kubectl apply -f -';
    return [failure('planes', 'there is none', remedy)];
  }
  const found = await Promise.all(items.map(async (plane) => [stateOf(plane), ...(await missingSecrets(kube, plane))]));
  return found.flat();
};

function stateOf({ metadata, status }: MemoryPlane): Finding {
  const check = `plane ${metadata.name}`;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) return failure(check, 'has no status', 'see whether the operator runs');
  if (ready.status === 'True') return ok(check, ready.reason);
  return failure(check, `${ready.reason}: ${ready.message}`, 'do what the message says');
}

async function missingSecrets(kube: KubeClient, plane: MemoryPlane): Promise<readonly Finding[]> {
  const names = [...new Set(secretsOf(plane))];
  const secrets = await Promise.all(
    names.map((name) => kube.get({ resource: RESOURCES.secrets, name, namespace: OPERATOR_NAMESPACE })),
  );
  return names
    .filter((_, index) => secrets[index] === undefined)
    .map((name) => {
      const detail = `Secret ${OPERATOR_NAMESPACE}/${name} does not exist`;
      return failure(`plane ${plane.metadata.name}`, detail, 'create it, or let External Secrets fetch it');
    });
}

const secretsOf = ({ spec }: MemoryPlane): readonly string[] =>
  spec.postgres.flatMap(({ adminSecretRef, tls }) => [
    adminSecretRef.name,
    ...(tls.caSecretRef === undefined ? [] : [tls.caSecretRef.name]),
  ]);

const classes: Check = async (kube) => {
  const { items } = await kube.list<MemoryTenantClass>(MEMORY_TENANT_CLASSES);
  const marked = items.filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true');
  const names = marked.map(({ metadata }) => metadata.name).join(', ');
  if (marked.length === 1) return [ok('classes', `default is ${names}`)];
  if (marked.length === 0)
    return [warning('classes', 'no class is the default', `annotate one: ${DEFAULT_CLASS_ANNOTATION}=true`)];
  return [warning('classes', `several are the default: ${names}`, 'keep the annotation on one')];
};

/** More of them say nothing new. */
const SHOWN = 10;

const tenants: Check = async (kube) => {
  const { items } = await kube.list<MemoryTenant>(MEMORY_TENANTS);
  const waiting = items.flatMap((tenant): readonly Finding[] => {
    const ready = tenant.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return [];
    const detail = ready === undefined ? 'has no status' : `${ready.reason}: ${ready.message}`;
    return [warning(`tenant ${tenant.metadata.name}`, detail, `memoryctl tenant info ${tenant.metadata.name}`)];
  });
  const summary = ok('tenants', `${items.length - waiting.length} of ${items.length} are Ready`);
  const more = waiting.length - SHOWN;
  return [
    summary,
    ...waiting.slice(0, SHOWN),
    ...(more > 0 ? [warning('tenants', `${more} more are not Ready`, 'memoryctl tenant list')] : []),
  ];
};

/** In the order in which one depends on the other. */
export const CHECKS: readonly Check[] = [server, kinds, operator, planes, classes, tenants];
