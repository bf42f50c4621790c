import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { superviseProbes } from '../../../../operator/local/node/prober.js';
import { runCheck } from '../../../../operator/local/node/probes.js';
import { eventually } from '../cluster.js';

describe('probes', () => {
  let server: Server;
  let port: number;
  let status = 200;
  let asked = 0;
  let askedAt = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked += 1;
      askedAt = performance.now();
      if (request.url === '/hang') return;
      response.writeHead(request.headers['x-key'] === 'bad' ? 403 : status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const target = {
    resolvePort: (name: string | number) => (name === 'http' ? port : undefined),
    exec: async (command: readonly string[]) => ({ ok: command[0] === 'true', message: 'ran' }),
  };
  const check = (probe: Parameters<typeof runCheck>[0], timeoutMs = 20_000) => runCheck(probe, target, timeoutMs);

  it('look by HTTP, TCP or a command, and never throw', async () => {
    status = 302;
    expect(await check({ httpGet: { port: 'http' } })).toMatchObject({ ok: true });
    status = 500;
    expect(await check({ httpGet: { port: 'http' } })).toEqual({
      ok: false,
      message: 'HTTP probe failed with statuscode: 500',
    });
    status = 200;
    expect(await check({ httpGet: { port: 'http', httpHeaders: [{ name: 'x-key', value: 'bad' }] } })).toMatchObject({
      ok: false,
    });
    expect(await check({ httpGet: { port: 'http', path: '/hang' } }, 200)).toEqual({
      ok: false,
      message: 'no answer within 200 ms',
    });
    expect(await check({ httpGet: { port: 'other' } })).toMatchObject({
      ok: false,
      message: expect.stringContaining('is not declared'),
    });
    expect(await check({ tcpSocket: { port: 'http' } })).toMatchObject({ ok: true });
    expect(await check({ exec: { command: ['true'] } })).toMatchObject({ ok: true });
    expect(await check({ exec: { command: ['false'] } })).toMatchObject({ ok: false });
    expect(await check({})).toMatchObject({ ok: false });
  });

  const supervise = (probes: Parameters<typeof superviseProbes>[0]) => {
    const events: string[] = [];
    const stop = new AbortController();
    const ended = superviseProbes(
      probes,
      target,
      {
        onStarted: () => events.push('started'),
        onReady: (ready) => events.push(ready ? 'ready' : 'unready'),
        onUnhealthy: (probe) => events.push(`${probe} failed`),
      },
      stop.signal,
    );
    return {
      events,
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
  };

  it('count a container without probes as started and ready', async () => {
    const { events, stop } = supervise({});
    await stop();
    expect(events).toEqual(['started', 'ready']);
  });

  it('wait for the startup probe before the others look, and do not wait a whole period for its success', async () => {
    status = 500;
    const get = { httpGet: { port: 'http' } };
    const { events, stop } = supervise({
      startupProbe: { ...get, periodSeconds: 60, failureThreshold: 1_000 },
      readinessProbe: get,
    });
    const before = asked;
    await eventually('several eager looks', () => (asked > before + 2 ? true : undefined));
    expect(events).toEqual([]);
    status = 200;
    await eventually('it is ready', () => (events.length === 2 ? true : undefined));
    expect(events).toEqual(['started', 'ready']);
    await stop();
  });

  it('find ready at once what has started, whatever the delay that its readiness probe asks for', async () => {
    status = 200;
    const get = { httpGet: { port: 'http' } };
    const { events, stop } = supervise({ startupProbe: get, readinessProbe: { ...get, initialDelaySeconds: 600 } });
    await eventually('it is ready', () => (events.length === 2 ? true : undefined));
    expect(events).toEqual(['started', 'ready']);
    await stop();
  });

  it('wait for that delay when no startup probe says that it has started', async () => {
    status = 200;
    const get = { httpGet: { port: 'http' } };
    const before = performance.now();
    const { events, stop } = supervise({ readinessProbe: { ...get, initialDelaySeconds: 1, periodSeconds: 600 } });
    await eventually('it is ready', () => (events.length === 2 ? true : undefined));
    // Timers may be a moment early by another clock.
    expect(askedAt - before).toBeGreaterThan(950);
    await stop();
  });

  it('do not count the eager looks as failures', async () => {
    status = 500;
    const { events, stop } = supervise({
      startupProbe: { httpGet: { port: 'http' }, periodSeconds: 1, failureThreshold: 2 },
    });
    const before = asked;
    await eventually('the startup probe has failed', () => (events.length > 0 ? true : undefined));
    expect(asked - before).toBeGreaterThan(2);
    expect(events).toEqual(['startup failed']);
    await stop();
  });

  it('report liveness after as many failures as it allows, once', async () => {
    status = 500;
    const { events, stop } = supervise({
      livenessProbe: { httpGet: { port: 'http' }, periodSeconds: 1, failureThreshold: 2 },
    });
    await eventually('liveness has failed', () => (events.includes('liveness failed') ? true : undefined));
    await stop();
    expect(events).toEqual(['started', 'ready', 'liveness failed']);
  });
});
