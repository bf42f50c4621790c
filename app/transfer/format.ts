import { createHash, type Hash } from 'node:crypto';
import { parseVerifierKey } from '../audit/note.js';
import { jcsBytes } from '../sealing/index.js';
import type { LogSigner } from '../tenancy/vault.js';

/**
 * An export: lines of JSON, each with its `type`. A header, then each memory followed by what belongs to it, then a footer
 * over every byte before it.
 */
export const FORMAT = 'memplane.export/1';
export const MEDIA_TYPE = 'application/x-ndjson';
export const LINE_TYPES = ['memory', 'history', 'vector', 'audit'] as const;
export type LineType = (typeof LINE_TYPES)[number];
export type LineCounts = Readonly<Record<LineType, number>>;

export interface Footer {
  readonly type: 'footer';
  readonly count: LineCounts;
  /** Of all bytes before this line, in hexadecimal. */
  readonly sha256: string;
  /** Ed25519 by the key of the header's `vkey`, in base64. */
  readonly signature: string;
}

/** No checkpoint and no certificate begins so: a signature of one is never one of the other. */
const LABEL = Buffer.from('memplane/export/1\n', 'utf8');

const signedBytes = ({ count, sha256 }: Pick<Footer, 'count' | 'sha256'>): Buffer =>
  Buffer.concat([LABEL, jcsBytes({ count, sha256 })]);

/** Writes lines, and at last the footer that tells whether any is missing. */
export class ExportWriter {
  readonly #hash: Hash = createHash('sha256');
  readonly #counts: Record<LineType, number> = { memory: 0, history: 0, vector: 0, audit: 0 };

  header(fields: object): string {
    return this.#keep(`${JSON.stringify({ type: 'header', format: FORMAT, ...fields })}\n`);
  }

  line(type: LineType, fields: object): string {
    this.#counts[type]++;
    return this.#keep(`${JSON.stringify({ type, ...fields })}\n`);
  }

  footer(signer: LogSigner): string {
    const told = { count: { ...this.#counts }, sha256: this.#hash.digest('hex') };
    const signature = signer.sign(signedBytes(told)).toString('base64');
    return `${JSON.stringify({ type: 'footer', ...told, signature } satisfies Footer)}\n`;
  }

  #keep(line: string): string {
    this.#hash.update(line, 'utf8');
    return line;
  }
}

/** Why the footer does not vouch for the bytes before it; `undefined` when it does. */
export const findFault = (footer: Footer, counts: LineCounts, sha256: string, vkey: string): string | undefined => {
  for (const type of LINE_TYPES) {
    if (footer.count[type] !== counts[type]) {
      return `its footer tells of ${footer.count[type]} lines of ${type}, and there are ${counts[type]}`;
    }
  }
  if (footer.sha256 !== sha256) return 'its bytes have another SHA-256 than its footer says';
  const verifier = parseVerifierKey(vkey);
  if (!verifier?.verify(signedBytes(footer), Buffer.from(footer.signature, 'base64'))) {
    return 'its signature is not by the key that its header names';
  }
  return undefined;
};
