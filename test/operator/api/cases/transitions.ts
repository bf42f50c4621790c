import { type RuleCase, tenant } from './case.js';

type Spec = Readonly<Record<string, unknown>>;
type Status = Readonly<Record<string, unknown>>;

const UUID = '7f3c1b1e-0a52-4a63-9d7a-2f6f4c1d8e90';
const OTHER = '11111111-2222-4333-8444-555555555555';

/** A change that is fine, and one that is not, from the same beginning. */
const change = (
  rule: string,
  before: Spec,
  accepted: Spec,
  refused: Spec,
  field: string,
  message: RegExp,
  status?: Status,
): RuleCase => {
  const start = { before: tenant(before), ...(status === undefined ? {} : { status }) };
  return {
    rule,
    accepted: { ...start, manifest: tenant(accepted) },
    refused: { ...start, manifest: tenant(refused), field, message },
  };
};

const bootstrap = (tenantID: string) => ({ bootstrap: { retained: { tenantID } } });
const vectors = (provider?: string) => ({ providers: provider === undefined ? {} : { vectors: { provider } } });
const memory = (provider?: string) => ({ providers: provider === undefined ? {} : { memory: { provider } } });
const embedding = (fields: Spec) => ({ providers: { embedding: fields } });

export const transitionCases: readonly RuleCase[] = [
  change(
    'a tenant stays on its plane',
    { planeRef: { name: 'eu' } },
    { planeRef: { name: 'eu' }, displayName: 'Acme' },
    { planeRef: { name: 'us' } },
    'spec.planeRef',
    /planeRef cannot change; keep it/,
  ),
  change(
    'leaving planeRef out is a change too, where it is not the default',
    { planeRef: { name: 'eu' } },
    { planeRef: { name: 'eu' } },
    {},
    'spec.planeRef',
    /planeRef cannot change/,
  ),
  change(
    'a tier is raised, never lowered below what is placed',
    { tier: 'Dedicated' },
    { tier: 'Isolated' },
    { tier: 'Pooled' },
    'spec.tier',
    /spec\.tier is lowered below the tier that is placed.*keep the placed tier or raise it/,
    { placement: { tier: 'Dedicated' } },
  ),
  change(
    'a tier that was asked for and never placed can be taken back',
    { tier: 'Isolated' },
    { tier: 'Dedicated' },
    { tier: 'Pooled' },
    'spec.tier',
    /spec\.tier is lowered/,
    { placement: { tier: 'Dedicated' } },
  ),
  {
    rule: 'what is not placed at all may be lowered; a tier that does not exist may not be asked for',
    accepted: { before: tenant({ tier: 'Isolated' }), manifest: tenant({ tier: 'Pooled' }) },
    refused: {
      before: tenant({ tier: 'Isolated' }),
      manifest: tenant({ tier: 'Shared' }),
      field: 'spec.tier',
      message: /supported values: "Pooled", "Dedicated", "Isolated"/,
    },
  },
  change(
    'the source of the first data is fixed once the tenant has an identity',
    bootstrap(UUID),
    {},
    bootstrap(OTHER),
    'spec.bootstrap',
    /spec\.bootstrap changes after the tenant got its identity/,
    { tenantID: UUID },
  ),
  change(
    'a source cannot be added to a tenant with an identity',
    {},
    { displayName: 'Acme' },
    bootstrap(UUID),
    'spec.bootstrap',
    /to begin from other data make another tenant/,
    { tenantID: UUID },
  ),
  {
    rule: 'before the tenant has an identity its source may be corrected',
    accepted: { before: tenant({}), status: { namespace: 'mem-rule' }, manifest: tenant(bootstrap(UUID)) },
    refused: {
      before: tenant({}),
      status: { namespace: 'mem-rule', tenantID: OTHER },
      manifest: tenant(bootstrap(UUID)),
      field: 'spec.bootstrap',
      message: /spec\.bootstrap changes/,
    },
  },
  change(
    'the vector store stays',
    vectors('qdrant'),
    vectors('qdrant'),
    vectors('plane'),
    'spec.providers.vectors.provider',
    /providers\.vectors\.provider cannot change; keep the provider/,
  ),
  change(
    'the vector store cannot be changed by leaving it out',
    vectors('qdrant'),
    { ...vectors('qdrant'), displayName: 'Acme' },
    vectors(),
    'spec.providers.vectors.provider',
    /providers\.vectors\.provider cannot change/,
  ),
  change(
    'the memory engine stays',
    memory(),
    memory('builtin'),
    memory('mem0'),
    'spec.providers.memory.provider',
    /providers\.memory\.provider cannot change/,
  ),
  change(
    'the length of vectors changes with the model only',
    embedding({ model: 'a', dimensions: 512 }),
    embedding({ model: 'b', dimensions: 768 }),
    embedding({ model: 'a', dimensions: 768 }),
    'spec.providers.embedding.dimensions',
    /dimensions changes while provider and model stay; change the model/,
  ),
  change(
    'another provider may have another length',
    {},
    embedding({ provider: 'openai', dimensions: 1536 }),
    embedding({ dimensions: 1536 }),
    'spec.providers.embedding.dimensions',
    /dimensions changes while provider and model stay/,
  ),
  change(
    'what is sealed stays sealed',
    { encryption: { fields: true } },
    { encryption: { keyRotationDays: 90 } },
    { encryption: { fields: false } },
    'spec.encryption.fields',
    /encryption\.fields goes from true to false; keep it true/,
  ),
  change(
    'sealing can be switched on',
    { encryption: { fields: false } },
    { encryption: { fields: true } },
    { encryption: { fields: 'on' } },
    'spec.encryption.fields',
    /boolean/,
  ),
  change(
    'audit retention is lengthened, never shortened',
    { audit: { retentionDays: 400 } },
    { audit: { retentionDays: 401 } },
    { audit: { retentionDays: 399 } },
    'spec.audit.retentionDays',
    /audit\.retentionDays is shortened; keep or lengthen it/,
  ),
  change(
    'leaving audit retention out does not shorten it either',
    { audit: { retentionDays: 4000 } },
    { audit: { retentionDays: 4000 } },
    {},
    'spec.audit.retentionDays',
    /audit\.retentionDays is shortened/,
  ),
];
