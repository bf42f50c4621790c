export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** One write, after what led to it. */
export interface Attempt {
  /** Created first; it is accepted. */
  readonly before?: Manifest;
  /** Written to its status subresource in between. */
  readonly status?: Readonly<Record<string, unknown>>;
  /** The write in question: a create, or with `before` a replacement. */
  readonly manifest: Manifest;
}

export interface Refusal extends Attempt {
  /** Path of the field that the answer names. */
  readonly field: string;
  /** What the answer of an API server says. */
  readonly message: RegExp;
}

export interface RuleCase {
  /** The rule, as a claim. */
  readonly rule: string;
  readonly accepted: Attempt;
  readonly refused: Refusal;
}

const apiVersion = 'memplane.dev/v1alpha1';
type Spec = Readonly<Record<string, unknown>>;

export const tenant = (spec?: Spec, name = 'rule'): Manifest => ({
  apiVersion,
  kind: 'MemoryTenant',
  metadata: { name },
  ...(spec === undefined ? {} : { spec }),
});

export const object = (kind: string, spec?: Spec): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'rule' },
  ...(spec === undefined ? {} : { spec }),
});

/** Objects that live in a namespace; the suites run them in `default`. */
export const namespaced = (kind: string, spec?: Spec): Manifest => ({
  ...object(kind, spec),
  metadata: { name: 'rule', namespace: 'default' },
});

export const minimalPlane: Spec = {
  clusterID: 'rules',
  baseDomain: 'memory.example.com',
  postgres: [{ name: 'pg-a', host: '127.0.0.1', adminSecretRef: { name: 'pg-a-admin' } }],
  buckets: { keys: { provider: 'file', name: '/var/lib/memplane/keys' } },
  kms: { provider: 'file', keyID: '/var/lib/memplane/kms.key' },
  image: { service: 'memplane/memplane' },
  rings: [{ name: 'stable', version: '1.4.0' }],
};

export const plane = (changes: Spec = {}): Manifest => object('MemoryPlane', { ...minimalPlane, ...changes });

/** A rule about one write of a tenant's spec. */
export const tenantRule = (rule: string, accepted: Spec, refused: Spec, field: string, message: RegExp): RuleCase => ({
  rule,
  accepted: { manifest: tenant(accepted) },
  refused: { manifest: tenant(refused), field, message },
});
