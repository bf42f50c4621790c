import { KeyringError } from './keyring-errors.js';
import type { KekContext } from './kms.js';

/** Where a keyring lies: under the tenant's namespace, or under `retained/<tenantId>`, which no namespace can be called. */
export interface KeyringPlace {
  readonly tenantId: string;
  readonly namespace: string;
}

export const retainedNamespace = (tenantId: string): string => `retained/${tenantId}`;

export const retainedPlace = (tenantId: string): KeyringPlace => ({
  tenantId,
  namespace: retainedNamespace(tenantId),
});

/** Everything of a tenant's keys begins with this. */
export const keyringPrefix = ({ tenantId, namespace }: KeyringPlace): string =>
  namespace === retainedNamespace(tenantId) ? `keys/${namespace}/` : `keys/${namespace}/${tenantId}/`;

/** A tenant key that the tenant's pod is to take up: the operator can compute no MAC, so it never writes the keyring. */
export const kekOfferName = (place: KeyringPlace, gen: number): string => `${keyringPrefix(place)}kek/${gen}`;

export const keyringName = (place: KeyringPlace): string => `${keyringPrefix(place)}keyring.json`;

export interface KekDocument {
  readonly gen: number;
  readonly state: 'active' | 'decrypt-only';
  readonly provider: string;
  readonly keyId: string;
  readonly context: KekContext;
  /** `null` until the tenant's pod has made the key. */
  readonly wrapped: string | null;
  readonly kcv: string | null;
  readonly createdAt: string;
}

/** As much of the keyring as the operator reads. It cannot check the MAC, so it passes on what it does not know. */
export interface KeyringDocument {
  readonly v: 1;
  readonly tenantId: string;
  readonly epoch: number;
  readonly keks: readonly KekDocument[];
  readonly blocks: readonly { readonly n: number; readonly sha256: string }[];
  readonly log: { readonly origin: string; readonly vkey: string } | null;
  readonly mac: string | null;
}

export function parseKeyring(name: string, bytes: Buffer): KeyringDocument {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalid(name, 'it is no JSON', error);
  }
  if (!isKeyring(value)) throw invalid(name, 'it is no keyring of version 1');
  return value;
}

function isKeyring(value: unknown): value is KeyringDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { v, tenantId, epoch, keks, blocks } = value as Partial<KeyringDocument>;
  return (
    v === 1 &&
    typeof tenantId === 'string' &&
    Number.isSafeInteger(epoch) &&
    Array.isArray(blocks) &&
    Array.isArray(keks) &&
    keks.filter((kek: KekDocument) => kek.state === 'active').length === 1 &&
    keks.every(isKek)
  );
}

const isKek = ({ wrapped, context }: KekDocument): boolean =>
  (wrapped === null || typeof wrapped === 'string') && typeof context?.namespace === 'string';

const invalid = (name: string, why: string, cause?: unknown): KeyringError =>
  new KeyringError('KeyringInvalid', `the keyring ${name} is refused: ${why}`, 'copy back the second region', {
    cause,
  });
