import { SIZES } from '../../../../charts/manifests/tenant/sizes.js';
import { parseQuantity } from '../../../../operator/runtime/quantity.js';

describe('sizes', () => {
  it.each([
    ['small', 'minimum', ['2', '4Gi'], ['2', '4Gi', '100Gi'], ['4', '8Gi', '100Gi'], ['1', '2Gi']],
    ['medium', 'recommendation', ['4', '8Gi'], ['4', '16Gi', '500Gi'], ['8', '32Gi', '500Gi'], ['2', '4Gi']],
  ] as const)('%s is the %s of the sizing table', (size, _, service, postgres, qdrant, redis) => {
    const { memory, knowledge, stores } = SIZES[size];
    expect([memory.limits.cpu, memory.limits.memory]).toEqual(service);
    expect([knowledge.limits.cpu, knowledge.limits.memory]).toEqual(service);
    expect([stores.postgres.cpu, stores.postgres.memory, stores.postgres.storage]).toEqual(postgres);
    expect([stores.qdrant.cpu, stores.qdrant.memory, stores.qdrant.storage]).toEqual(qdrant);
    expect([stores.redis.cpu, stores.redis.memory]).toEqual(redis);
  });

  it.each(['cpu', 'memory'] as const)('large is twice the recommendation: %s', (amount) => {
    const { medium, large } = SIZES;
    const pairs = [
      [medium.memory.limits, large.memory.limits],
      [medium.stores.postgres, large.stores.postgres],
      [medium.stores.qdrant, large.stores.qdrant],
      [medium.stores.redis, large.stores.redis],
    ] as const;
    for (const [half, whole] of pairs) {
      expect(parseQuantity(whole[amount])).toBe((parseQuantity(half[amount]) ?? 0n) * 2n);
    }
  });

  it.each(['small', 'medium', 'large'] as const)('%s survives the loss of a zone', (size) => {
    expect(SIZES[size].memory.minReplicas).toBeGreaterThanOrEqual(3);
  });
});
