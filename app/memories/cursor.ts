import { createHash } from 'node:crypto';
import { problem } from '../http/errors.js';
import { sameBytes, type Vault } from '../tenancy/vault.js';

export interface Position {
  readonly createdAt: string;
  readonly id: string;
}

const MAC_BYTES = 16;
const FORM = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z) ([0-9a-f-]{36})$/;

/**
 * Where a page ended, with a MAC over it and over the list it belongs to: nobody can move in a list by editing a cursor, nor
 * take a cursor of one list to another.
 */
export const encodeCursor = (vault: Vault, list: object, position: Position): string => {
  const text = `${position.createdAt} ${position.id}`;
  return Buffer.concat([macOf(vault, list, text), Buffer.from(text)]).toString('base64url');
};

export const decodeCursor = (vault: Vault, list: object, cursor: string | undefined): Position | null => {
  if (cursor === undefined) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  const text = bytes.subarray(MAC_BYTES).toString('utf8');
  const match = FORM.exec(text);
  if (!match || !sameBytes(bytes.subarray(0, MAC_BYTES), macOf(vault, list, text))) {
    throw problem('invalid_request', 'The cursor is not one that this list gave out.', {
      remedy: 'Begin again without a cursor, and keep order, filters and key while you follow next_cursor.',
      errors: [
        {
          pointer: '/query/cursor',
          code: 'cursor',
          detail: 'use next_cursor of the page before, with the same filters and key',
        },
      ],
    });
  }
  return { createdAt: match[1] as string, id: match[2] as string };
};

const macOf = (vault: Vault, list: object, text: string): Buffer => {
  const digest = createHash('sha256').update(JSON.stringify(list)).digest('hex');
  return vault.cursorMac(`${digest} ${text}`).subarray(0, MAC_BYTES);
};
