import { createHash } from 'node:crypto';
import type { ProviderName } from './binding.js';
import { awsText } from './cloud-aws.js';
import { azureText } from './cloud-azure.js';
import { googleText } from './cloud-google.js';
import { mapBlock } from './plan.js';
import type { Attribute, Block, WireType } from './schema.js';
import { isSecret } from './secret-name.js';
import { type Fields, Unknown, type Value } from './wire.js';

/** The configuration of a provider block: region, project, subscription. */
export type Setting = Fields;

/** What is known of a resource when the twin answers in its cloud's place. */
export interface Made {
  /** Without the provider's prefix: `kms_key`. */
  readonly kind: string;
  readonly fields: Fields;
  readonly setting: Setting;
  /** 64 hex digits, the same for the same configuration made the same number of times. */
  readonly seed: string;
}

type Text = (made: Made, name: string) => string;

const TEXTS: Readonly<Record<ProviderName, Text>> = { aws: awsText, google: googleText, azurerm: azureText };

/** Stands in a state where a real provider would keep a secret that its cloud made. */
export const SECRET_MARK = 'twin-secret';

/** Answers with plausible values for what only a cloud can compute; the state then keeps them. */
export class Cloud {
  private readonly provider: ProviderName;
  private readonly counts = new Map<string, number>();

  constructor(provider: ProviderName) {
    this.provider = provider;
  }

  make(type: string, block: Block, planned: Fields, setting: Setting): Fields {
    const kind = type.slice(this.provider.length + 1);
    const made: Made = { kind, fields: known(planned), setting, seed: this.seedOf(type, planned) };
    // The id first: an ARN, a link or an address may be made from it.
    const id = planned.id instanceof Unknown ? TEXTS[this.provider](made, 'id') : planned.id;
    const withId = id === undefined ? made : { ...made, fields: { ...made.fields, id } };
    return mapBlock(block, planned, (one, given, name) => {
      if (!(given instanceof Unknown)) return given;
      return name === 'id' && typeof id === 'string' ? id : this.value(one, one.type, withId, name);
    });
  }

  private value(one: Attribute, type: WireType, made: Made, name: string): Value {
    if (one.sensitive) return type === 'string' ? `${SECRET_MARK}:${made.kind}.${name}` : null;
    if (type === 'string') return TEXTS[this.provider](made, name);
    if (type === 'number') return 1;
    if (type === 'bool') return false;
    if (type === 'dynamic') return null;
    const [shape, inner] = type;
    if (shape === 'map') return {};
    if (shape !== 'object') return one.optional ? [] : [this.value(one, inner, made, name)];
    const nested = { ...one, optional: false };
    return Object.fromEntries(
      Object.entries(inner).map(([field, of]) => {
        const one = { ...nested, sensitive: isSecret(field, of) };
        return [field, this.value(one, of, made, `${name}.${field}`)];
      }),
    );
  }

  private seedOf(type: string, planned: Fields): string {
    const text = `${type} ${JSON.stringify(known(planned))}`;
    const count = this.counts.get(text) ?? 0;
    this.counts.set(text, count + 1);
    return createHash('sha256').update(`${text} ${count}`).digest('hex');
  }
}

const known = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => !(value instanceof Unknown)));

/** The first of these that is a text. */
export function textOf(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

export function firstOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  const first = Array.isArray(value) ? (value[0] as Value) : undefined;
  return typeof first === 'string' ? first : undefined;
}

export const uuidOf = (seed: string): string =>
  [seed.slice(0, 8), seed.slice(8, 12), `4${seed.slice(13, 16)}`, `a${seed.slice(17, 20)}`, seed.slice(20, 32)].join(
    '-',
  );

export const dashed = (kind: string): string => kind.replaceAll('_', '-');

/** Where a cloud answers a certificate; nobody checks a signature on a twin. */
export const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIBtwintwintwin\n-----END CERTIFICATE-----\n';
