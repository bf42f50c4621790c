import { createCipheriv, createSecretKey } from 'node:crypto';
import { type Block, blockHeader, newBlock, openBlock, type SlotState, sealBlock } from '../../../app/keys/block.js';
import { deriveMessageKey, LABELS } from '../../../app/keys/derive.js';
import { readVectors } from '../../support/vectors.js';
import { KEK, OTHER_TENANT, TENANT } from '../../vectors/inputs.js';

interface Vector
  extends Record<'kek' | 'tenantId' | 'salt' | 'sealed', string>,
    Record<'n' | 'epoch' | 'kekGen', number> {
  readonly slots: readonly { readonly i: number; readonly s: SlotState; readonly g: readonly [number, string][] }[];
}

const kek = createSecretKey(KEK, 'hex');
const header = { tenantId: TENANT, n: 2, epoch: 5, kekGen: 1 };

const blockOf = ({ slots, tenantId, n, epoch, kekGen }: Vector): Block => ({
  tenantId,
  n,
  epoch,
  kekGen,
  slots: new Map(
    slots.map(({ i, s, g }) => [
      i,
      { state: s, keys: g.map(([generation, key]) => ({ generation, key: createSecretKey(key, 'base64') })) },
    ]),
  ),
});

const texts = (block: Block | undefined) =>
  [...(block?.slots ?? [])].map(([i, { state, keys }]) => ({
    i,
    s: state,
    g: keys.map(({ generation, key }) => [generation, key.export().toString('base64')]),
  }));

describe('a block of slot keys', () => {
  it.each(readVectors<(Vector & { name: string })[]>('block'))('has the published layout: $name', (vector) => {
    const key = createSecretKey(vector.kek, 'hex');
    expect(sealBlock(key, blockOf(vector), Buffer.from(vector.salt, 'hex')).toString('hex')).toBe(vector.sealed);
    const opened = openBlock(key, Buffer.from(vector.sealed, 'hex'));
    expect(texts(opened)).toEqual(vector.slots);
    expect(opened).toMatchObject({
      tenantId: vector.tenantId,
      n: vector.n,
      epoch: vector.epoch,
      kekGen: vector.kekGen,
    });
  });

  it('has 1,024 different keys from the start, free but for the system ones', () => {
    const first = newBlock({ ...header, n: 0 });
    expect([...first.slots.keys()]).toEqual(Array.from({ length: 1024 }, (_, i) => i));
    expect([...first.slots].filter(([, { state }]) => state === 'live').map(([slot]) => slot)).toEqual(
      Array.from({ length: 16 }, (_, i) => i),
    );
    const second = newBlock(header);
    expect([...second.slots.keys()][0]).toBe(2048);
    const keys = [first, second].flatMap((block) => texts(block).map(({ g }) => g[0]?.[1]));
    expect(new Set(keys).size).toBe(2048);
  });

  it('comes back as it was, and shows no key', () => {
    const block = newBlock(header);
    const sealed = sealBlock(kek, block);
    expect(texts(openBlock(kek, sealed))).toEqual(texts(block));
    const key = block.slots.get(2048)?.keys[0]?.key.export();
    expect(sealed.includes(key ?? '')).toBe(false);
  });

  it('does not open when any byte of it is another', () => {
    const [vector] = readVectors<Vector[]>('block');
    const sealed = Buffer.from(vector?.sealed ?? '', 'hex');
    const opened = Array.from(sealed.keys()).filter((at) => {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      return openBlock(kek, changed) !== undefined;
    });
    expect(opened).toEqual([]);
  });

  it('does not open with a commitment to another key, even when tag and key fit', () => {
    const head = sealBlock(kek, newBlock(header)).subarray(0, 77);
    head.writeUInt8(head.readUInt8(70) ^ 1, 70);
    const message = deriveMessageKey(kek, LABELS.block, head.subarray(37, 61));
    const cipher = createCipheriv('aes-256-gcm', message.key, message.iv, { authTagLength: 16 }).setAAD(head);
    const forged = Buffer.concat([head, cipher.update('[]'), cipher.final(), cipher.getAuthTag()]);
    expect(openBlock(kek, forged)).toBeUndefined();
  });

  it.each([4, 8, 12])('does not open with its tag cut to %i bytes', (left) => {
    const sealed = sealBlock(kek, newBlock(header));
    expect(openBlock(kek, sealed.subarray(0, sealed.length - 16 + left))).toBeUndefined();
  });

  it('does not open under another key', () => {
    expect(openBlock(createSecretKey(Buffer.alloc(32)), sealBlock(kek, newBlock(header)))).toBeUndefined();
  });

  it('says what it is before it is opened; other bytes say nothing', () => {
    expect(blockHeader(sealBlock(kek, newBlock({ ...header, tenantId: OTHER_TENANT })))).toEqual({
      ...header,
      tenantId: OTHER_TENANT,
    });
    expect(blockHeader(Buffer.alloc(10))).toBeUndefined();
    expect(blockHeader(Buffer.alloc(1000, 'MPKB\x02'))).toBeUndefined();
  });
});
