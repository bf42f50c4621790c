import { createHash } from 'node:crypto';
import { unusableError, usageError } from '../errors.js';
import type { EvidenceHeader } from './fact.js';
import type { VaultPlace } from './vault.js';

const DAY_MS = 86_400_000;

/** `s3://bucket/prefix?region=…&endpoint=…`, as the service names its buckets. */
export interface EvidenceStore extends VaultPlace {
  readonly prefix: string;
}

export interface Stored {
  /** `s3://bucket/name` */
  readonly object: string;
  readonly until: Date;
  /** The same bytes were there already, and stay. */
  readonly already: boolean;
}

const FORM = 'such as s3://memplane-prod-audit-123456789012?region=eu-central-1';

export function parseStore(text: string): EvidenceStore {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 's3:' || url.hostname === '') throw usageError(`${text} is no bucket that can lock`, FORM);
  const unknown = [...url.searchParams.keys()].filter((one) => one !== 'region' && one !== 'endpoint');
  if (unknown.length > 0) throw usageError(`${text}: nobody knows ${unknown.join(', ')}`, FORM);
  const [region, endpoint] = ['region', 'endpoint'].map((one) => url.searchParams.get(one) ?? undefined);
  return {
    bucket: url.hostname,
    prefix: url.pathname.replace(/^\/+|\/+$/g, '') || 'evidence',
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

/**
 * Puts evidence where nobody deletes, overwrites or shortens it, for as long as the bucket keeps what says nothing
 * else. A bucket that does not lock so is refused before anything is sent; afterwards the lock is read back.
 */
export async function storeEvidence(text: string, header: EvidenceHeader, store: EvidenceStore): Promise<Stored> {
  // The client takes half a second to load, which only those shall wait who store something.
  const { openVault } = await import('./vault.js');
  const vault = openVault(store);
  try {
    const until = new Date(Date.now() + (await vault.lockDays()) * DAY_MS);
    const name = nameOf(store.prefix, header, text);
    const already = !(await vault.putOnce(name, text, until));
    const locked = await vault.lockedUntil(name);
    const object = `s3://${store.bucket}/${name}`;
    if (locked === undefined) {
      throw unusableError(`${object} is there, and not locked`, [
        'make the bucket with object lock, and store it again',
      ]);
    }
    return { object, until: locked, already };
  } finally {
    vault.close();
  }
}

/** Of what is in it, so that one name never has two contents. */
function nameOf(prefix: string, { environment, release }: EvidenceHeader, text: string): string {
  const plain = release.replace(/[^\w.-]+/g, '-');
  return `${prefix}/${environment}/${plain}-${createHash('sha256').update(text).digest('hex')}.jsonl`;
}
