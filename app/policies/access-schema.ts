import { Type } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;
const Claim = Type.String({ minLength: 1, maxLength: 128 });

const IssuerSchema = Type.Object(
  {
    issuer: Type.String({ pattern: '^https://.+', maxLength: 2048 }),
    audiences: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 16 }),
    jwksURI: Type.String({ pattern: '^https://.+', maxLength: 2048 }),
    claims: Type.Object({ user: Claim, roles: Claim, tenant: Type.Optional(Claim) }, closed),
    strictType: Type.Boolean(),
  },
  closed,
);

/** Of `spec.access`: who else than a key says who somebody is, and how long keys live. */
export const AccessSchema = Type.Object(
  {
    jwt: Type.Optional(Type.Array(IssuerSchema, { maxItems: 8 })),
    apiKeys: Type.Optional(
      Type.Object(
        { rotationDays: Type.Integer({ minimum: 1 }), overlapDays: Type.Integer({ minimum: 0, maximum: 365 }) },
        closed,
      ),
    ),
  },
  closed,
);

/** Of `spec.features`: what is not listed is on. */
export const FeatureSwitch = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 63 }), enabled: Type.Boolean() },
  closed,
);

/** Of `spec.network.egress`: where the service may go although the address is no public one. */
export const EgressSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 253 })),
    cidr: Type.String({ pattern: '^[0-9a-fA-F.:]{2,45}(/[0-9]{1,3})?$' }),
    ports: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { maxItems: 32 })),
  },
  closed,
);
