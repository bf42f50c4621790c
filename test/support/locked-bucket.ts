/** A strict stand-in of a locked bucket, and the claims that every adapter of one has to meet. */
import type { LockedBucket } from '../../app/archive/locked-bucket.js';

const DAY_MS = 86_400_000;

/** Refuses what a locked bucket would keep for seven years by mistake: a name with two contents, an object without a date. */
export class StrictBucket implements LockedBucket {
  readonly locks = true;
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly until: Date }>();
  /** False as a real bucket: it only tells that something is there. */
  strict = true;
  /** Puts until one fails as a store that went away would. */
  patience = Number.POSITIVE_INFINITY;
  readonly #floorDays: number;

  constructor(floorDays = 2_557) {
    this.#floorDays = floorDays;
  }

  async putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'> {
    if (this.patience-- <= 0) throw new Error('the stand-in went away');
    const days = (until.getTime() - Date.now()) / DAY_MS;
    if (days < this.#floorDays) throw new Error(`${name} would be locked for ${days} days only`);
    const known = this.objects.get(name);
    if (!known) this.objects.set(name, { bytes: Buffer.from(bytes), until });
    else if (this.strict && !known.bytes.equals(bytes) && !name.includes('/checkpoints/')) {
      throw new Error(`${name} is a mutable name: it was put with two contents`);
    }
    return known ? 'there' : 'put';
  }

  async get(name: string): Promise<Buffer | undefined> {
    return this.objects.get(name)?.bytes;
  }

  async lockedUntil(name: string): Promise<Date | undefined> {
    return this.objects.get(name)?.until;
  }

  /** As a folder of a download: names without the prefix. */
  files(prefix: string): Map<string, Buffer> {
    return new Map([...this.objects].map(([name, { bytes }]) => [name.slice(prefix.length), bytes]));
  }
}

/** The adapter suite. `open` gives a bucket that may be used by several claims. */
export const describeLockedBucket = (name: string, open: () => LockedBucket & { readonly locks: boolean }): void => {
  const until = new Date(Date.now() + 2_558 * DAY_MS);

  describe(`a locked bucket in ${name}`, () => {
    it('keeps what was put first, and tells who puts a name again', async () => {
      const bucket = open();
      expect(await bucket.putOnce('mem-a/x/tile/0/000', Buffer.from('first'), until)).toBe('put');
      expect(await bucket.putOnce('mem-a/x/tile/0/000', Buffer.from('first'), until)).toBe('there');
      expect(await bucket.get('mem-a/x/tile/0/000')).toEqual(Buffer.from('first'));
    });

    it('lets one of many writers of a name win', async () => {
      const bucket = open();
      const writers = Array.from({ length: 8 }, () =>
        bucket.putOnce('mem-a/x/tile/0/race', Buffer.from('same'), until),
      );
      const results = await Promise.all(writers);
      expect(results.filter((one) => one === 'put')).toHaveLength(1);
    });

    it('has the names of a bundle', async () => {
      const bucket = open();
      const names = ['checkpoints/00000000000000000312', 'tile/entries/x001/000.p/57', 'details/00000000000000000007'];
      for (const each of names) {
        await bucket.putOnce(`mem-a/memplane.dev/id/audit/1/${each}`, Buffer.from(each), until);
        expect(await bucket.get(`mem-a/memplane.dev/id/audit/1/${each}`)).toEqual(Buffer.from(each));
      }
    });

    it('has nothing under a name that was never put', async () => {
      const bucket = open();
      expect(await bucket.get('mem-a/x/none')).toBeUndefined();
      expect(await bucket.lockedUntil('mem-a/x/none')).toBeUndefined();
    });

    it('locks for seven years, or says that it does not lock', async () => {
      const bucket = open();
      await bucket.putOnce('mem-a/x/locked', Buffer.from('1'), until);
      const locked = await bucket.lockedUntil('mem-a/x/locked');
      if (!bucket.locks) return expect(locked).toBeUndefined();
      expect(((locked?.getTime() ?? 0) - Date.now()) / DAY_MS).toBeGreaterThanOrEqual(2_557);
    });
  });
};
