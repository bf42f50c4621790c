import { createExchange } from '../../../app/remote/exchange.js';

const CALL = { operation: 'add', method: 'POST', path: '/x', body: {}, repeatable: false } as const;

describe('an exchange with a provider', () => {
  let now = 0;
  let status = 500;
  let asked = 0;
  const told: string[] = [];
  const open = (go: typeof fetch) =>
    createExchange({
      ...{ provider: 'Somebody', baseUrl: 'http://provider/', headers: {}, keyName: 'THE_KEY', timeoutMs: 60_000 },
      ...{ fetch: go, now: () => now },
      metrics: { provided: (...outcome) => void told.push(outcome.slice(1, 3).join(' ')) },
    });
  let exchange: ReturnType<typeof createExchange>;
  beforeEach(() => {
    [now, status, asked, told.length] = [0, 500, 0, 0];
    exchange = open(async () => {
      asked += 1;
      return new Response('{}', { status, headers: { 'content-type': 'application/json' } });
    });
  });

  it('leaves one that fails five times in a row alone for ten seconds, tells callers at once, and then asks once', async () => {
    for (let n = 0; n < 5; n++) await expect(exchange.call(CALL)).rejects.toThrow('answered 500');
    await expect(exchange.call(CALL)).rejects.toMatchObject({ trouble: 'unavailable', retryAfterSeconds: 10 });
    expect([asked, exchange.state().status]).toEqual([5, 'degraded']);
    now = 10_001;
    await expect(exchange.call(CALL)).rejects.toThrow('answered 500');
    await expect(exchange.call(CALL)).rejects.toThrow('in a row');
    expect(asked).toBe(6);
    now = 20_002;
    status = 200;
    expect(await exchange.call(CALL)).toEqual({ status: 200, body: {} });
    expect(exchange.state()).toEqual({ status: 'ok', detail: 'Somebody' });
    expect(told).toEqual([...Array(6).fill('add unavailable'), 'add ok']);
  });

  it('does again what never left: the provider was not there', async () => {
    let tries = 0;
    const away = open(async () => {
      tries += 1;
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    });
    await expect(away.call(CALL)).rejects.toThrow('could not be reached');
    expect(tries).toBe(3);
  });

  it('does not do again what may have been done: the connection broke in the middle', async () => {
    let tries = 0;
    const broken = open(async () => {
      tries += 1;
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    });
    await expect(broken.call(CALL)).rejects.toThrow('could not be reached');
    expect(tries).toBe(1);
  });

  it('takes a refused key for what somebody has to change', async () => {
    status = 401;
    await expect(exchange.call(CALL)).rejects.toMatchObject({ trouble: 'refused', remedy: 'Check THE_KEY.' });
    expect(exchange.state()).toEqual({ status: 'down', detail: 'Somebody refused the key (401). Check THE_KEY.' });
  });
});
