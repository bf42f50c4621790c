import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** `"MPKA" ‖ 01 ‖ iv(12) ‖ ciphertext ‖ tag(16)`, AES-256-GCM under a key of the file's own; bound to its name in the bucket. */
const MAGIC = Buffer.from('MPKA\x01', 'latin1');
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface SealedFile {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

export const sealFile = (objectName: string, content: Buffer): SealedFile => {
  const key = randomBytes(32);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.concat([MAGIC, iv, Buffer.from(objectName, 'utf8')]));
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
  return { key, bytes: Buffer.concat([MAGIC, iv, ciphertext, cipher.getAuthTag()]) };
};

/** `undefined` when a byte is not as it was sealed. */
export const openFile = (objectName: string, key: Buffer, bytes: Buffer): Buffer | undefined => {
  const head = MAGIC.length + IV_BYTES;
  if (bytes.length < head + TAG_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const iv = bytes.subarray(MAGIC.length, head);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([MAGIC, iv, Buffer.from(objectName, 'utf8')]));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(head, bytes.length - TAG_BYTES)), decipher.final()]);
  } catch {
    // The only thing that final() has to say: the tag does not fit.
    return undefined;
  }
};
