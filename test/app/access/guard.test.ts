import { addressOf } from '../../../app/access/guard.js';
import { createRateLimiter } from '../../../app/access/rate-limit.js';
import { createTestTenant, defaultPolicies, startInProcess } from '../../support/memory-service.js';

describe('rate limits', () => {
  it('the request after the last one of the tenant is 429 with whole seconds to wait', async () => {
    const tenant = await createTestTenant();
    tenant.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 3, ipPerMinute: 100 } });
    const service = await startInProcess(tenant);
    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(await service.call('GET', '/api/v1/whoami'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
    expect(answers[3]?.headers.get('ratelimit')).toMatch(/^"tenant";r=0;t=\d+, "ip";r=96;t=\d+$/);
    expect(answers[3]?.body.code).toBe('rate_limited');
    expect((await service.call('GET', '/health')).status).toBe(200);
    await service.stop();
    await tenant.drop();
  });

  it('a flood of wrong keys from one address is stopped before it is looked up, and no other address pays', async () => {
    const tenant = await createTestTenant();
    tenant.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 100, ipPerMinute: 2 } });
    const service = await startInProcess(tenant);
    const knock = async (from: string, key?: string) =>
      (await service.call('GET', '/api/v1/whoami', { headers: { 'X-Forwarded-For': from }, ...(key ? { key } : {}) }))
        .status;
    const wrong = `mb_${'w'.repeat(43)}`;
    expect([await knock('192.0.2.1', wrong), await knock('192.0.2.1', wrong), await knock('192.0.2.1', wrong)]).toEqual(
      [401, 401, 429],
    );
    expect(await knock('192.0.2.2')).toBe(200);
    // The left part of the header is whatever the client wrote.
    expect(await knock('192.0.2.9, 192.0.2.1')).toBe(429);
    await service.stop();
    await tenant.drop();
  });

  it('a window ends sixty seconds after it began', () => {
    const limiter = createRateLimiter();
    expect(limiter.take('a', 1, 0)).toMatchObject({ allowed: true, remaining: 0, resetSeconds: 60 });
    expect(limiter.take('a', 1, 59_999)).toMatchObject({ allowed: false, resetSeconds: 1 });
    expect(limiter.take('a', 1, 60_000)).toMatchObject({ allowed: true });
  });

  it('a million addresses do not take a million entries', () => {
    const limiter = createRateLimiter();
    const before = process.memoryUsage().heapUsed;
    for (let address = 0; address < 200_000; address++) limiter.take(String(address), 10, 0);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
    expect(limiter.take('199999', 1, 0).allowed).toBe(false);
  });
});

it('the address is the one that the last trusted proxy saw', () => {
  const request = (forwarded: string | undefined) =>
    ({
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      socket: { remoteAddress: '10.0.0.1' },
    }) as unknown as Parameters<typeof addressOf>[0];
  expect(addressOf(request('evil, 192.0.2.7'), 1)).toBe('192.0.2.7');
  expect(addressOf(request('evil, 192.0.2.7, 10.1.1.1'), 2)).toBe('192.0.2.7');
  expect(addressOf(request('192.0.2.7'), 0)).toBe('10.0.0.1');
  expect(addressOf(request(undefined), 1)).toBe('10.0.0.1');
});
