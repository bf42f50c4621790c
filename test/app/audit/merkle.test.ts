import { randomBytes } from 'node:crypto';
import { HASH_BYTES, merkleRoot, rootOfLeaves } from '../../../app/audit/merkle.js';

describe('the root of a list of leaves', () => {
  it('is the same whether they come one by one or lie one after the other', () => {
    for (let count = 0; count <= 70; count++) {
      const leaves = randomBytes(count * HASH_BYTES);
      const one = Array.from({ length: count }, (_, n) => leaves.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES));
      expect(merkleRoot(one.map((leaf) => Buffer.from(leaf))).toString('hex')).toBe(
        rootOfLeaves(Buffer.from(leaves)).toString('hex'),
      );
    }
  });
});
