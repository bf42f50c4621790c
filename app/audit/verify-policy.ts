import { type Static, Type } from '@sinclair/typebox';
import { compileCheck } from '../http/validate.js';
import { parseVerifierKey, type Verifier } from './note.js';
import { buildVerifierKey } from './plane-key.js';

const ExportedKey = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200 }), publicKey: Type.String({ minLength: 1, maxLength: 4_096 }) },
  { additionalProperties: false },
);

/** What a verifier trusts. It comes from whoever verifies: a bundle that brought its own would vouch for itself. */
const PolicySchema = Type.Object(
  {
    v: Type.Literal(1),
    origin: Type.String({ minLength: 1, maxLength: 512 }),
    keys: Type.Array(Type.String(), { minItems: 1, maxItems: 16 }),
    witnesses: Type.Optional(
      Type.Object(
        { quorum: Type.Integer({ minimum: 1 }), keys: Type.Array(Type.String(), { minItems: 1, maxItems: 64 }) },
        { additionalProperties: false },
      ),
    ),
    /** Logs of the plane that checkpoints are anchored in, each by its key; a key's name is its log's origin. */
    anchors: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 16 })),
    /**
     * Keys of the plane: a checkpoint counts as signed only with one of these beside the log's own. Each as a verifier key, or
     * as a KMS exports it.
     */
    plane: Type.Optional(Type.Array(Type.Union([Type.String(), ExportedKey]), { minItems: 1, maxItems: 16 })),
    /** What every event needs for a verdict of 0. */
    require: Type.Optional(
      Type.Union([Type.Literal('anchored'), Type.Literal('witnessed'), Type.Literal('signed')], {
        default: 'anchored',
      }),
    ),
    /** Notes that were kept elsewhere: the log must still contain what they were signed over. */
    checkpoints: Type.Optional(Type.Array(Type.String(), { maxItems: 1_000 })),
  },
  { additionalProperties: false },
);

const check = compileCheck(PolicySchema);

export interface VerifyPolicy {
  readonly origin: string;
  readonly keys: readonly Verifier[];
  readonly witnesses: readonly Verifier[];
  /** Never met when there are no witnesses. */
  readonly quorum: number;
  readonly anchors: readonly Verifier[];
  /** Empty: the log's own key is enough. */
  readonly plane: readonly Verifier[];
  readonly require: Level;
  readonly checkpoints: readonly Buffer[];
}

/** From the strongest to the weakest claim. */
export const LEVELS = ['anchored', 'witnessed', 'signed', 'unsigned'] as const;
export type Level = (typeof LEVELS)[number];

/** All that is wrong with it, or the policy. */
export const parsePolicy = (text: string): VerifyPolicy | readonly string[] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return ['it is not JSON'];
  }
  const checked = check(value);
  if (!checked.ok) return checked.errors.map(({ detail }) => detail);
  const policy: Static<typeof PolicySchema> = checked.value;
  const { keys, witnesses, anchors = [], checkpoints = [] } = policy;
  const plane = (policy.plane ?? []).map((key) => (typeof key === 'string' ? key : importKey(key)));
  const problems = [
    ...badKeys('keys', keys),
    ...badKeys('witnesses.keys', witnesses?.keys ?? []),
    ...badKeys('anchors', anchors),
    ...plane.flatMap((key) => (typeof key === 'string' ? badKeys('plane', [key]) : [key.problem])),
    ...keys.flatMap((key) =>
      key.startsWith(`${policy.origin}+`) ? [] : [`keys: ${key} is not named after ${policy.origin}`],
    ),
    ...(witnesses && witnesses.quorum > witnesses.keys.length
      ? [`witnesses.quorum ${witnesses.quorum} can never be met by ${witnesses.keys.length} keys`]
      : []),
  ];
  if (problems.length > 0) return problems;
  return {
    origin: policy.origin,
    keys: verifiers(keys),
    witnesses: verifiers(witnesses?.keys ?? []),
    quorum: witnesses?.quorum ?? Number.POSITIVE_INFINITY,
    anchors: verifiers(anchors),
    plane: verifiers(plane.flatMap((key) => (typeof key === 'string' ? key : []))),
    require: policy.require ?? 'anchored',
    checkpoints: checkpoints.map((note) => Buffer.from(note)),
  };
};

/** PEM, or the base64 of its DER, as `aws kms get-public-key` prints it. */
const importKey = ({ name, publicKey }: Static<typeof ExportedKey>): string | { readonly problem: string } => {
  const body = publicKey.replace(/-----(BEGIN|END) PUBLIC KEY-----/g, '').replace(/\s+/g, '');
  try {
    return buildVerifierKey(name, Buffer.from(body, 'base64'));
  } catch {
    return { problem: `plane: publicKey of ${name} is no ECDSA P-256 public key, in PEM or in base64` };
  }
};

const verifiers = (keys: readonly string[]): readonly Verifier[] => keys.flatMap((key) => parseVerifierKey(key) ?? []);

const badKeys = (where: string, keys: readonly string[]): readonly string[] =>
  keys.flatMap((key) => (parseVerifierKey(key) ? [] : [`${where}: ${key.slice(0, 120)} is no verifier key`]));
