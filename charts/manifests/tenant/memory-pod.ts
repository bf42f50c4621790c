import type {
  Container,
  EnvVar,
  PodSpec,
  Probe,
  ResourceRequirements,
  Volume,
  VolumeMount,
} from 'kubernetes-types/core/v1.js';
import { buildImageReference } from '../image.js';
import { CONFIG_MAP, PORTS, SECRETS, SERVICE_ACCOUNTS } from '../names.js';
import { CONTAINER_SECURITY_CONTEXT, POD_SECURITY_CONTEXT } from '../pod-security.js';
import type { Provider, TenantOptions } from './options.js';
import { buildScheduling } from './scheduling.js';
import { SIZES } from './sizes.js';

export const PATHS = {
  config: '/etc/memplane/config',
  trust: '/etc/memplane/trust',
  scratch: '/var/lib/memplane',
} as const;

/** Paths and numbers of the probes. Startup looks every second, so that liveness never kills a slow start. */
export const PROBES = {
  startup: { path: '/health/live', periodSeconds: 1, failureThreshold: 120 },
  liveness: { path: '/health/live', initialDelaySeconds: 30, periodSeconds: 10, timeoutSeconds: 3 },
  readiness: { path: '/health/ready', initialDelaySeconds: 5, periodSeconds: 5, timeoutSeconds: 3 },
} as const;

/** The service gives requests in flight 20 s after SIGTERM; ten more for closing what it holds. */
const GRACE_SECONDS = 30;

export const buildMemoryPod = (o: TenantOptions, selector: Readonly<Record<string, string>>): PodSpec => ({
  serviceAccountName: SERVICE_ACCOUNTS.memory,
  automountServiceAccountToken: false,
  // The variables that Kubernetes makes of Services would clash with names that the service reads.
  enableServiceLinks: false,
  terminationGracePeriodSeconds: GRACE_SECONDS,
  securityContext: POD_SECURITY_CONTEXT,
  ...buildScheduling(o, selector),
  initContainers: [buildMigration(o)],
  containers: [buildService(o)],
  volumes: [
    { name: 'config', configMap: { name: CONFIG_MAP } },
    { name: 'scratch', emptyDir: { sizeLimit: SIZES[o.size].scratch } },
    ...buildTrustVolume(o),
  ],
});

export const buildTrustVolume = (o: TenantOptions): Volume[] =>
  o.trustBundle === undefined ? [] : [{ name: 'trust', configMap: { name: o.trustBundle.configMap } }];

const buildService = (o: TenantOptions): Container => ({
  ...buildContainer(o, 'memory'),
  ports: [{ name: 'http', containerPort: PORTS.memory, protocol: 'TCP' }],
  env: [
    { name: 'PORT', value: String(PORTS.memory) },
    fromSecret('DATABASE_URL', SECRETS.database, 'url'),
    ...buildProviderKey('EMBEDDING_API_KEY', o.embedding),
    ...buildProviderKey('EXTRACTION_API_KEY', o.extraction),
    ...buildProviderKey('MEMORY_PROVIDER_API_KEY', o.memoryKeeper),
    // Gone once it was claimed, and the pods must start all the same.
    fromSecret('MEMPLANE_BOOTSTRAP_KEY', SECRETS.adminKey, 'apiKey', true),
    { name: 'MEMPLANE_CONFIG_DIR', value: PATHS.config },
    { name: 'MEMPLANE_SCRATCH_DIR', value: PATHS.scratch },
    ...buildCommonEnv(o),
  ],
  volumeMounts: [
    { name: 'config', mountPath: PATHS.config, readOnly: true },
    { name: 'scratch', mountPath: PATHS.scratch },
    ...buildTrustMount(o),
  ],
  startupProbe: buildProbe(PROBES.startup),
  livenessProbe: buildProbe(PROBES.liveness),
  readinessProbe: buildProbe(PROBES.readiness),
});

/** Migrations run before each start, under a lock; only here does anything hold the owner's credential. */
const buildMigration = (o: TenantOptions): Container => ({
  ...buildContainer(o, 'migrate'),
  env: [fromSecret('MIGRATE_DATABASE_URL', SECRETS.database, 'ownerUrl'), ...buildCommonEnv(o)],
  volumeMounts: [...buildTrustMount(o)],
});

/** Container and role of the image have the same name. */
const buildContainer = (o: TenantOptions, role: 'memory' | 'migrate'): Container => ({
  name: role,
  image: buildImageReference(o),
  args: [role],
  envFrom: [{ configMapRef: { name: CONFIG_MAP } }],
  resources: buildResources(o),
  securityContext: CONTAINER_SECURITY_CONTEXT,
});

const buildResources = ({ memory }: TenantOptions): ResourceRequirements => ({
  requests: { ...memory.requests },
  limits: { ...memory.limits },
});

export const buildCommonEnv = (o: TenantOptions): EnvVar[] => [
  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ...(o.trustBundle === undefined
    ? []
    : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${PATHS.trust}/${o.trustBundle.key}` }]),
  ...(o.proxy === undefined
    ? []
    : [
        { name: 'HTTPS_PROXY', value: o.proxy.httpsProxy },
        { name: 'NO_PROXY', value: o.proxy.noProxy.join(',') },
      ]),
];

export const buildTrustMount = (o: TenantOptions): VolumeMount[] =>
  o.trustBundle === undefined ? [] : [{ name: 'trust', mountPath: PATHS.trust, readOnly: true }];

export const fromSecret = (variable: string, name: string, key: string, optional = false): EnvVar => ({
  name: variable,
  valueFrom: { secretKeyRef: { name, key, ...(optional ? { optional } : {}) } },
});

const buildProviderKey = (variable: string, { secret }: Pick<Provider, 'secret'> = {}): EnvVar[] =>
  secret === undefined ? [] : [fromSecret(variable, secret.name, secret.key)];

const buildProbe = ({ path, ...timing }: { readonly path: string } & Omit<Probe, 'httpGet'>): Probe => ({
  httpGet: { path, port: 'http' },
  ...timing,
});
