import { keyringInvalid } from './errors.js';
import type { KekContext } from './kms.js';

/** The keyring document of one tenant, as it lies in the keys bucket. Epoch 0 is what the operator births. */
export interface Keyring {
  readonly v: 1;
  readonly tenantId: string;
  readonly epoch: number;
  readonly keks: readonly Kek[];
  readonly blocks: readonly BlockEntry[];
  readonly log: KeyringLog | null;
  readonly mac: string | null;
}

export interface Kek {
  readonly gen: number;
  readonly state: 'active' | 'decrypt-only';
  readonly provider: string;
  readonly keyId: string;
  readonly context: KekContext;
  /** `null` in what the operator births where the tenant's own pod makes the key. */
  readonly wrapped: string | null;
  /** Key check value: the first 8 bytes under label `memplane/kcv/1`. The operator, who cannot unwrap, leaves it null. */
  readonly kcv: string | null;
  readonly createdAt: string;
}

export interface BlockEntry {
  readonly n: number;
  readonly epoch: number;
  readonly kekGen: number;
  /** Of the block object's bytes, in hex. */
  readonly sha256: string;
}

export interface KeyringLog {
  readonly origin: string;
  readonly vkey: string;
  /** The Ed25519 seed, sealed under slot 1. */
  readonly sealed: string;
}

/** Every object of a tenant begins with its namespace, which is what a pod's permission is bound to. */
export const keyringName = (namespace: string, tenantId: string): string =>
  `keys/${namespace}/${tenantId}/keyring.json`;

export const blockName = (namespace: string, tenantId: string, n: number): string =>
  `keys/${namespace}/${tenantId}/block/${n}`;

/** What the operator puts beside the keyring when a new tenant key is due. */
export interface KekOffer {
  readonly v: 1;
  readonly tenantId: string;
  readonly gen: number;
  readonly provider: string;
  readonly keyId: string;
  /** `null` where the key is born in the tenant's own pod. */
  readonly wrapped: string | null;
  readonly createdAt: string;
}

export const kekOfferName = (namespace: string, tenantId: string, gen: number): string =>
  `keys/${namespace}/${tenantId}/kek/${gen}`;

export function parseKekOffer(
  name: string,
  bytes: Buffer,
  expected: { readonly tenantId: string; readonly gen: number },
): KekOffer {
  const value = parseJson(name, bytes);
  const problems = members(value, '', SHAPES.offer);
  if (problems.length > 0) throw keyringInvalid(name, problems);
  const offer = value as KekOffer;
  const isOurs = offer.tenantId === expected.tenantId && offer.gen === expected.gen;
  if (!isOurs) throw keyringInvalid(name, [`it offers tenant key ${offer.gen} of tenant ${offer.tenantId}`]);
  return offer;
}

/**
 * Unknown members are refused: the MAC covers the document, so nobody may overlook a part of it. Without a namespace keys
 * may be bound to any: where the pod wraps them itself, they come with the tenant from where it was before.
 */
export function parseKeyring(name: string, bytes: Buffer, tenantId: string, namespace: string | undefined): Keyring {
  const value = parseJson(name, bytes);
  const problems = validateKeyring(value, tenantId, namespace);
  if (problems.length > 0) throw keyringInvalid(name, problems);
  return value as Keyring;
}

function parseJson(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw keyringInvalid(name, [`it is no JSON (${error instanceof Error ? error.message : String(error)})`]);
  }
}

export function validateKeyring(value: unknown, tenantId: string, namespace: string | undefined): readonly string[] {
  const shape = members(value, '', SHAPES.keyring);
  if (shape.length > 0) return shape;
  const keyring = value as Keyring;
  const parts = [
    ...keyring.keks.flatMap((kek, i) => [
      ...members(kek, `keks[${i}]`, SHAPES.kek),
      ...members(kek?.context, `keks[${i}].context`, SHAPES.context),
    ]),
    ...keyring.blocks.flatMap((block, i) => members(block, `blocks[${i}]`, SHAPES.block)),
    ...(keyring.log === null ? [] : members(keyring.log, 'log', SHAPES.log)),
  ];
  if (parts.length > 0) return parts;
  return [
    ...(keyring.tenantId === tenantId ? [] : [`tenantId is ${keyring.tenantId}, not ${tenantId}`]),
    ...kekProblems(keyring, tenantId, namespace),
    ...blockProblems(keyring),
    ...stageProblems(keyring),
  ];
}

function kekProblems({ keks }: Keyring, tenantId: string, namespace: string | undefined): readonly string[] {
  const problems: string[] = [];
  const active = keks.filter((kek) => kek.state === 'active').length;
  if (active !== 1) problems.push(`${active} keks are active, not one`);
  if (new Set(keks.map((kek) => kek.gen)).size !== keks.length) problems.push('two keks have the same gen');
  for (const { gen, context: found } of keks) {
    if (found.tenant !== tenantId || (namespace !== undefined && found.namespace !== namespace)) {
      problems.push(`kek ${gen} is bound to ${found.namespace} of tenant ${found.tenant}`);
    }
  }
  return problems;
}

function blockProblems({ keks, blocks, epoch }: Keyring): readonly string[] {
  const gens = new Set(keks.map((kek) => kek.gen));
  return blocks.flatMap((block, i) => [
    ...(block.n === i ? [] : [`blocks[${i}].n is ${block.n}`]),
    ...(block.epoch <= epoch ? [] : [`blocks[${i}].epoch ${block.epoch} is above the keyring's ${epoch}`]),
    ...(gens.has(block.kekGen) ? [] : [`blocks[${i}].kekGen ${block.kekGen} is no kek of it`]),
  ]);
}

/** Born: nothing but a wrapped key. Complete: everything. There is no third stage. */
function stageProblems({ keks, blocks, log, mac, epoch }: Keyring): readonly string[] {
  const filled = [...keks.map((kek) => kek.kcv !== null), blocks.length > 0, log !== null, mac !== null];
  const wanted = epoch > 0;
  const hasKeys = keks.every((kek) => kek.wrapped !== null) || (!wanted && keks.length === 1);
  return hasKeys && filled.every((one) => one === wanted)
    ? []
    : [
        wanted
          ? `epoch is ${epoch}, but wrapped, kcv, blocks, log or mac is missing`
          : 'epoch is 0, but it is partly completed',
      ];
}

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, readonly [Check, string]>>;

const text: Check = (value) => typeof value === 'string' && value !== '';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const base64 = matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
const list: Check = (value) => Array.isArray(value);
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const TEXT = [text, 'a text'] as const;
const COUNT = [count, 'an integer from 0'] as const;
const BASE64 = [base64, 'base64'] as const;

const SHAPES = {
  keyring: {
    v: [(value) => value === 1, '1'],
    tenantId: TEXT,
    epoch: COUNT,
    keks: [list, 'a list'],
    blocks: [list, 'a list'],
    log: [orNull(object), 'an object or null'],
    mac: [orNull(base64), 'base64 or null'],
  },
  kek: {
    gen: COUNT,
    state: [matches(/^(active|decrypt-only)$/), 'active or decrypt-only'],
    provider: TEXT,
    keyId: TEXT,
    context: [object, 'an object'],
    wrapped: [orNull(base64), 'base64 or null'],
    kcv: [orNull(base64), 'base64 or null'],
    createdAt: TEXT,
  },
  offer: {
    v: [(value) => value === 1, '1'],
    tenantId: TEXT,
    gen: COUNT,
    provider: TEXT,
    keyId: TEXT,
    wrapped: [orNull(base64), 'base64 or null'],
    createdAt: TEXT,
  },
  context: { memplane: [(value) => value === 'kek/1', 'kek/1'], tenant: TEXT, namespace: TEXT },
  block: { n: COUNT, epoch: COUNT, kekGen: COUNT, sha256: [matches(/^[0-9a-f]{64}$/), '64 hex digits'] },
  log: { origin: TEXT, vkey: TEXT, sealed: BASE64 },
} as const satisfies Record<string, Shape>;

function members(value: unknown, at: string, shape: Shape): readonly string[] {
  if (!object(value)) return [`${at === '' ? 'the document' : at} is no object`];
  const found = value as Readonly<Record<string, unknown>>;
  const path = (name: string): string => (at === '' ? name : `${at}.${name}`);
  const wrong = Object.entries(shape)
    .filter(([name, [check]]) => !check(found[name]))
    .map(([name, [, wanted]]) => `${path(name)} is ${JSON.stringify(found[name]) ?? 'missing'}, not ${wanted}`);
  const unknown = Object.keys(found).filter((name) => !(name in shape));
  return [...wrong, ...unknown.map((name) => `${path(name)} is not known`)];
}
