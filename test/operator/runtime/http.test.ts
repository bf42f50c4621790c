import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type HealthServer, serveHealth } from '../../../operator/runtime/http.js';
import { silentLog } from '../../../operator/runtime/log.js';
import { createMetrics } from '../../../operator/runtime/metrics.js';
import { createQueue } from '../../../operator/runtime/queue.js';

describe('the operator over HTTP', () => {
  const metrics = createMetrics();
  let problem: string | undefined = 'caches are not synced';
  let server: HealthServer;
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
  };

  beforeAll(async () => {
    server = await serveHealth({
      host: '127.0.0.1',
      port: 0,
      registry: metrics.registry,
      ready: () => problem,
      log: silentLog,
    });
  });
  afterAll(() => server.close());

  it('is alive at once, and ready when its check says so, else it says why', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok' });
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'caches are not synced' });
    problem = undefined;
    expect(await get('/readyz?verbose')).toMatchObject({ status: 200 });
  });

  it('answers nothing else', async () => {
    expect(await get('/secrets')).toMatchObject({ status: 404, text: 'there are /metrics, /healthz and /readyz' });
    expect(await get('/metrics', 'POST')).toMatchObject({ status: 405 });
  });

  it('shows reconciles, queues, requests, watches and leadership as metrics', async () => {
    const observer = metrics.queueObserver('tenant');
    observer.onStart?.('acme', 250);
    observer.onEnd?.('acme', 'failed', 40);
    const queue = createQueue({ workers: 1, run: async () => ({}), onError: () => undefined });
    queue.add('waiting');
    metrics.watchQueue('tenant', queue);
    metrics.onRequest({ verb: 'apply', resource: 'configmaps', status: 201, seconds: 0.01 });
    metrics.onRequest({ verb: 'raw', resource: '/version', status: 0, seconds: 0.01 });
    metrics.onRestart(RESOURCES.pods, 'expired');
    metrics.setLeader(true);
    const { text, type } = await get('/metrics');
    expect(type).toContain('text/plain');
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'memplane_reconciles_total{controller="tenant",result="failed"} 1',
        'memplane_reconcile_duration_seconds_count{controller="tenant"} 1',
        'memplane_queue_wait_seconds_sum{controller="tenant"} 0.25',
        'memplane_queue_depth{controller="tenant"} 1',
        'memplane_kube_requests_total{verb="apply",resource="configmaps",status="201"} 1',
        'memplane_kube_requests_total{verb="raw",resource="raw",status="0"} 1',
        'memplane_watch_restarts_total{resource="pods",why="expired"} 1',
        'memplane_leader 1',
      ]),
    );
    await queue.stop(0);
  });
});
