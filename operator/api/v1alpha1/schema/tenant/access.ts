import { hostname, origin, url } from '../address.js';
import { choice, days, flag, group, integer, list, optional, text } from '../field.js';
import { label, role } from '../reference.js';

const claim = (description: string, constant?: string) =>
  text(description, { maxLength: 128, ...(constant === undefined ? {} : { default: constant }) });

const issuer = group('Tokens of one issuer.', {
  issuer: url('The `iss` of its tokens.', 'https'),
  audiences: list('Accepted `aud` values.', text('One audience.', { maxLength: 256 }), {
    type: 'set',
    minItems: 1,
    maxItems: 16,
  }),
  jwksURI: url('Where its public keys are.', 'https'),
  claims: group(
    'Which claim says what.',
    {
      user: claim('Claim with the user.', 'sub'),
      roles: claim('Claim with the roles; an unmapped role is readonly.', 'roles'),
      tenant: optional(claim('Claim that must name this tenant. Two tenants with one issuer and audience need it.')),
    },
    { defaulted: true },
  ),
  strictType: flag('Refuse tokens whose `typ` is not at+jwt.', { default: false }),
});

const admin = group(
  'Somebody who administers this tenant: may change the resource, start backups and restores aside, read logs.',
  {
    kind: choice('What the name names.', ['User', 'Group', 'ServiceAccount']),
    name: text('Name of the user, group or service account.', { maxLength: 253 }),
    namespace: optional(label('Namespace of the ServiceAccount.')),
  },
  {
    rules: [
      {
        rule: "(self.kind == 'ServiceAccount') == has(self.namespace)",
        message: 'access.admins[].namespace belongs to a ServiceAccount and to nothing else',
        remedy: 'give a ServiceAccount its namespace, and leave namespace out for User and Group',
      },
    ],
  },
);

const consumer = group('A namespace whose applications use this tenant.', {
  namespace: label('Name of the namespace.'),
  roles: list('Roles that a MemoryBinding there may ask for.', role('One role.'), {
    type: 'set',
    minItems: 1,
    maxItems: 16,
  }),
});

const rateLimits = group(
  'Requests a minute, beyond which the service answers 429 with Retry-After.',
  {
    tenantPerMinute: integer('Of the whole tenant.', { default: 100, minimum: 1, maximum: 10_000_000 }),
    ipPerMinute: integer('Of one client address.', { default: 600, minimum: 1, maximum: 10_000_000 }),
    keyPerMinute: optional(
      integer('Of one API key or token. Unset: no limit of its own.', { minimum: 1, maximum: 10_000_000 }),
    ),
  },
  { defaulted: true },
);

const apiKeys = group(
  'How long API keys live.',
  {
    rotationDays: days('Age at which a key is replaced.', { default: 365 }),
    overlapDays: integer('How long the old key still works beside its successor.', { default: 7, maximum: 365 }),
  },
  { defaulted: true },
);

export const access = group(
  'Who reaches the tenant, by which names, and how they prove who they are.',
  {
    hostnames: optional(
      list(
        'Host names that answer. Unset: <name>.<baseDomain of the plane>. The first is status.endpoint.',
        hostname('One host name.'),
        { type: 'set', minItems: 1, maxItems: 16 },
      ),
    ),
    corsOrigins: list('Origins whose pages may call the API. "*" is refused.', origin('One origin.'), {
      type: 'set',
      maxItems: 64,
      default: [],
    }),
    jwt: optional(
      list('Issuers whose tokens are accepted beside API keys.', issuer, {
        type: 'map',
        keys: ['issuer'],
        maxItems: 8,
      }),
    ),
    apiKeys,
    rateLimits,
    // Atomic: the namespace tells two ServiceAccounts apart, and an optional field can't be a key.
    admins: list('Who administers this tenant.', admin, { type: 'atomic', maxItems: 64, default: [] }),
    consumers: list('Namespaces that may make a MemoryBinding and reach the service.', consumer, {
      type: 'map',
      keys: ['namespace'],
      maxItems: 64,
      default: [],
    }),
  },
  { defaulted: true },
);
