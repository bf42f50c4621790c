/** What every KMS that unwraps tenant keys has to do: the same claims for files, clouds and their stand-ins. */
import { randomBytes } from 'node:crypto';
import { isKeyError } from '../../app/keys/index.js';
import { type KekContext, type Kms, kekContext } from '../../app/keys/kms.js';

export interface KmsUnderTest {
  readonly kms: Kms;
  readonly keyId: string;
  /** As whoever gives birth to tenant keys wraps them there. */
  wrap(key: Buffer, context: KekContext): Promise<Buffer>;
  /** The same key at a place where nobody answers. */
  readonly unreachable: Kms;
}

export const TENANT = '7d5f1d6e-54d7-4f0e-8f5e-1c1f6a5b2c3d';

export const describeKms = (name: string, open: () => KmsUnderTest): void => {
  const home = kekContext(TENANT, 'mem-acme');
  const failure = (promise: Promise<unknown>): Promise<{ code: string; message: string }> =>
    promise.then(
      () => ({ code: 'none', message: '' }),
      (error: unknown) => ({ code: isKeyError(error) ? error.code : 'other', message: String(error) }),
    );

  describe(`a tenant key under ${name}`, () => {
    it('opens with the context that it was wrapped for', async () => {
      const { kms, keyId, wrap } = open();
      const key = randomBytes(32);
      const wrapped = await wrap(key, home);
      expect(wrapped.includes(key)).toBe(false);
      expect(await kms.decrypt(keyId, wrapped, home)).toEqual(key);
    });

    it.each([
      ['another tenant', kekContext('11111111-54d7-4f0e-8f5e-1c1f6a5b2c3d', 'mem-acme')],
      ['another namespace', kekContext(TENANT, 'mem-other')],
      ['a tenant that is retained', kekContext(TENANT, `retained/${TENANT}`)],
    ])('does not open for %s', async (_, context) => {
      const { kms, keyId, wrap } = open();
      const { code, message } = await failure(kms.decrypt(keyId, await wrap(randomBytes(32), home), context));
      expect([code, message]).toEqual(['KmsRefused', expect.stringContaining(context.namespace)]);
    });

    it('does not open with a bit of it changed, cut, or empty', async () => {
      const { kms, keyId, wrap } = open();
      const wrapped = await wrap(randomBytes(32), home);
      const flipped = Buffer.from(wrapped);
      const last = flipped.length - 1;
      flipped[last] = (flipped[last] ?? 0) ^ 1;
      for (const bytes of [flipped, wrapped.subarray(0, 20), Buffer.alloc(1)]) {
        expect((await failure(kms.decrypt(keyId, bytes, home))).code).toBe('KmsRefused');
      }
    });

    it('is not asked of a key that a planted keyring names', async () => {
      const { kms, wrap, keyId } = open();
      const wrapped = await wrap(randomBytes(32), home);
      const { code, message } = await failure(kms.decrypt(`${keyId}-planted`, wrapped, home));
      expect([code, message]).toEqual(['KmsRefused', expect.stringContaining('is configured for')]);
    });

    it('is unavailable, not refused, while nobody answers', async () => {
      const { unreachable, keyId, wrap } = open();
      const wrapped = await wrap(randomBytes(32), home);
      expect((await failure(unreachable.decrypt(keyId, wrapped, home))).code).toBe('KeyUnavailable');
    });
  });
};
