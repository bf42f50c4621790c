import type { LogSigner } from '../tenancy/vault.js';
import { buildNote, parseVerifierKey } from './note.js';

/** C2SP tlog-checkpoint: three lines, no extension lines. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** `undefined` when the text is no checkpoint of ours: more lines, a number in another form. */
export const parseCheckpoint = (text: string): Checkpoint | undefined => {
  const [, origin, digits, encoded] = /^(\S+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  if (origin === undefined || digits === undefined || encoded === undefined) return undefined;
  const root = Buffer.from(encoded, 'base64');
  const size = Number(digits);
  if (!Number.isSafeInteger(size) || root.toString('base64') !== encoded) return undefined;
  return { origin, size, root };
};

/** Signed by the log's own key; witnesses add their lines to the end. */
export const signCheckpoint = (signer: LogSigner, size: number, root: Buffer): Buffer => {
  const text = formatCheckpoint({ origin: signer.origin, size, root });
  const verifier = parseVerifierKey(signer.vkey);
  if (!verifier) throw new Error('The verifier key of the log has another form than C2SP signed-note');
  const signature = signer.sign(Buffer.from(text));
  return buildNote(text, [{ name: signer.origin, keyId: verifier.keyId, signature }]);
};
