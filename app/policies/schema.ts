import { type Static, Type } from '@sinclair/typebox';
import { AccessSchema, EgressSchema, FeatureSwitch } from './access-schema.js';
import { REDACTION_KINDS, type RedactionKind } from './redact.js';

const Count = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);

const PerMinute = Type.Integer({ minimum: 1 });
const Seconds = Type.Integer({ minimum: 1, maximum: 31_536_000 });

/** `policies.json`: what of a tenant's resource changes the service's behaviour without a restart. */
export const PoliciesSchema = Type.Object(
  {
    mode: Type.Union([Type.Literal('Active'), Type.Literal('ReadOnly'), Type.Literal('Suspended')]),
    logLevel: Type.Optional(Type.String({ pattern: '^(trace|debug|info|warn|error|fatal|silent)$' })),
    quotas: Type.Object(
      { memories: Count, memoriesPerUser: Count, tokensPerDay: Type.Optional(Count) },
      { additionalProperties: false },
    ),
    rateLimits: Type.Object(
      { tenantPerMinute: PerMinute, ipPerMinute: PerMinute, keyPerMinute: Type.Optional(PerMinute) },
      { additionalProperties: false },
    ),
    access: Type.Optional(AccessSchema),
    features: Type.Optional(Type.Array(FeatureSwitch, { maxItems: 64 })),
    egress: Type.Optional(Type.Array(EgressSchema, { maxItems: 256 })),
    policies: Type.Object(
      {
        ttlDays: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
        minConfidencePercent: Type.Integer({ minimum: 0, maximum: 100 }),
        redact: Type.Array(Type.Unsafe<RedactionKind>({ type: 'string', enum: [...REDACTION_KINDS] })),
        predicates: Type.Union([Type.Array(Type.String({ minLength: 1 })), Type.Null()]),
        quarantine: Type.Optional(
          Type.Object({ injection: Type.Boolean(), untrustedShared: Type.Boolean() }, { additionalProperties: false }),
        ),
        forgetting: Type.Optional(
          Type.Object(
            { intervalSeconds: Seconds, thresholdPercent: Type.Integer({ minimum: 0, maximum: 100 }) },
            { additionalProperties: false },
          ),
        ),
        cleanup: Type.Optional(
          Type.Object(
            { intervalSeconds: Seconds, graceDays: Type.Integer({ minimum: 0, maximum: 36_500 }) },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    audit: Type.Optional(
      Type.Object(
        {
          reads: Type.Boolean(),
          readsMode: Type.Unsafe<'Batched' | 'Strict'>({ type: 'string', enum: ['Batched', 'Strict'] }),
        },
        { additionalProperties: false },
      ),
    ),
    encryption: Type.Optional(
      Type.Object(
        {
          index: Type.Unsafe<'keyword' | 'off'>({ type: 'string', enum: ['keyword', 'off'] }),
          clearMetadata: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 64 }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Policies = Static<typeof PoliciesSchema>;

/** What the deployment's environment sets where the file is silent. */
export interface PolicyDefaults {
  readonly requestsPerMinute: number;
  readonly forgettingIntervalHours: number;
  /** A share of 1. */
  readonly forgettingThreshold: number;
  readonly maintenanceIntervalHours: number;
}

/** What has expired can be looked at for a month before it is removed. */
const GRACE_DAYS = 30;

/** What holds without a file: the contract's defaults, with the seeds' environment names for some. */
export const buildDefaultPolicies = (defaults: PolicyDefaults): Policies => ({
  mode: 'Active',
  quotas: { memories: null, memoriesPerUser: null },
  rateLimits: { tenantPerMinute: defaults.requestsPerMinute, ipPerMinute: 600 },
  policies: {
    ttlDays: null,
    minConfidencePercent: 0,
    redact: [],
    predicates: null,
    forgetting: {
      intervalSeconds: toSeconds(defaults.forgettingIntervalHours),
      thresholdPercent: defaults.forgettingThreshold * 100,
    },
    cleanup: { intervalSeconds: toSeconds(defaults.maintenanceIntervalHours), graceDays: GRACE_DAYS },
  },
});

const toSeconds = (hours: number): number => Math.max(1, Math.round(hours * 3_600));
