import { type RuleCase, tenant, tenantRule } from './case.js';

const UUID = '7f3c1b1e-0a52-4a63-9d7a-2f6f4c1d8e90';
const restore = (source: Readonly<Record<string, unknown>>) => ({ bootstrap: { restore: source } });
const backupRef = { namespace: 'mem-old', name: 'last' };
const scaling = (minReplicas: number, maxReplicas: number) => ({ scaling: { minReplicas, maxReplicas } });

export const tenantCases: readonly RuleCase[] = [
  {
    rule: 'the smallest tenant is a name of at most 50 characters',
    accepted: { manifest: tenant(undefined, 'a'.repeat(50)) },
    refused: {
      manifest: tenant(undefined, 'a'.repeat(51)),
      field: 'metadata.name',
      message: /DNS label of at most 50 characters; use lower-case letters/,
    },
  },
  {
    rule: 'a name is one label, because its namespace is named after it',
    accepted: { manifest: tenant({}, 'a-1') },
    refused: { manifest: tenant({}, 'a.b'), field: 'metadata.name', message: /is not a DNS label/ },
  },
  tenantRule(
    'a field that does not exist is refused, not ignored',
    { access: { corsOrigins: [] } },
    { acess: { corsOrigins: [] } },
    'spec.acess',
    /unknown field "spec\.acess"/,
  ),
  tenantRule(
    'an unknown field is refused at any depth',
    { services: { memory: scaling(1, 2) } },
    { services: { memory: { scaling: { replicas: 1 } } } },
    'spec.services.memory.scaling.replicas',
    /unknown field "spec\.services\.memory\.scaling\.replicas"/,
  ),
  tenantRule('a switch is a boolean', { paused: true }, { paused: 'yes' }, 'spec.paused', /boolean/),
  tenantRule(
    'a count is a whole number',
    { quotas: { memories: 10 } },
    { quotas: { memories: 1.5 } },
    'spec.quotas.memories',
    /integer/,
  ),
  ...(['memory', 'knowledge', 'worker'] as const).map((service) =>
    tenantRule(
      `${service} has no more pods at least than at most`,
      { services: { [service]: scaling(3, 3) } },
      { services: { [service]: scaling(4, 3) } },
      `spec.services.${service}.scaling`,
      /minReplicas is greater than scaling\.maxReplicas; raise maxReplicas or lower minReplicas/,
    ),
  ),
  tenantRule(
    'one bound of scaling may stand alone',
    { services: { memory: { scaling: { minReplicas: 4 } } } },
    { services: { memory: { scaling: { minReplicas: 0 } } } },
    'spec.services.memory.scaling.minReplicas',
    /greater than or equal to 1/,
  ),
  tenantRule(
    'sync needs knowledge',
    { services: { sync: { enabled: false }, knowledge: { enabled: false } } },
    { services: { knowledge: { enabled: false } } },
    'spec.services.sync.enabled',
    /services\.knowledge\.enabled is false; enable services\.knowledge or set services\.sync\.enabled to false/,
  ),
  tenantRule(
    'one user may not have more memories than the tenant',
    { quotas: { memories: 10, memoriesPerUser: 10 } },
    { quotas: { memories: 10, memoriesPerUser: 11 } },
    'spec.quotas.memoriesPerUser',
    /quotas\.memoriesPerUser is greater than quotas\.memories; raise/,
  ),
  tenantRule(
    'origins are listed one by one: no wildcard',
    { access: { corsOrigins: ['https://app.example.com', 'http://localhost:3000'] } },
    { access: { corsOrigins: ['https://app.example.com', '*'] } },
    'spec.access.corsOrigins[1]',
    /"\*" and paths are refused.*list each origin as https:\/\/host/,
  ),
  tenantRule(
    'an origin has no path',
    { access: { corsOrigins: ['https://app.example.com:8443'] } },
    { access: { corsOrigins: ['https://app.example.com/'] } },
    'spec.access.corsOrigins[0]',
    /not one origin/,
  ),
  tenantRule(
    'a service account that administers has a namespace',
    { access: { admins: [{ kind: 'ServiceAccount', name: 'ci', namespace: 'acme-apps' }] } },
    { access: { admins: [{ kind: 'ServiceAccount', name: 'ci' }] } },
    'spec.access.admins[0]',
    /give a ServiceAccount its namespace/,
  ),
  tenantRule(
    'a group that administers has none',
    { access: { admins: [{ kind: 'Group', name: 'acme-admins' }] } },
    { access: { admins: [{ kind: 'Group', name: 'acme-admins', namespace: 'acme' }] } },
    'spec.access.admins[0]',
    /leave namespace out for User and Group/,
  ),
  tenantRule(
    'hipaa raises the floor of audit retention',
    { compliance: ['hipaa'], audit: { retentionDays: 2192 } },
    { compliance: ['soc2', 'hipaa'], audit: { retentionDays: 2191 } },
    'spec.audit.retentionDays',
    /floor of compliance hipaa; give audit\.retentionDays at least 2192/,
  ),
  tenantRule(
    'a tenant begins from one source',
    { bootstrap: { retained: { tenantID: UUID } } },
    { bootstrap: { retained: { tenantID: UUID }, import: { databaseSecretRef: { name: 'old' } } } },
    'spec.bootstrap',
    /exactly one of retained, restore and import/,
  ),
  tenantRule(
    'a bootstrap that names no source is refused',
    { bootstrap: { import: { databaseSecretRef: { name: 'old' } } } },
    { bootstrap: {} },
    'spec.bootstrap',
    /exactly one of retained, restore and import/,
  ),
  tenantRule(
    'a restore begins from one backup',
    restore({ backupRef, pointInTime: '2030-01-31T02:00:00Z' }),
    restore({ backupRef, manifestURI: 's3://backups/mem-old/manifest.json' }),
    'spec.bootstrap.restore',
    /exactly one of backupRef and manifestURI/,
  ),
  tenantRule(
    'a restore from no backup is refused',
    restore({ manifestURI: 'file:///backups/manifest.json' }),
    restore({ pointInTime: '2030-01-31T02:00:00Z' }),
    'spec.bootstrap.restore',
    /exactly one of backupRef and manifestURI/,
  ),
];
