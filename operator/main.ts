import { pino } from 'pino';
import { FIELD_MANAGER } from '../charts/manifests/names.js';
import { createKubeClient } from './clients/kube-http.js';
import { ConfigError, type OperatorConfig, readConfig } from './config.js';
import { createManager } from './manager.js';
import { serveHealth } from './runtime/http.js';
import { createLeaderElection } from './runtime/leader.js';
import { createMetrics } from './runtime/metrics.js';
import { onTermination } from './runtime/stop.js';
import { discoverServed } from './served.js';

/** Settings no person can mean: the exit code tells a supervisor that a restart will not help. */
const EXIT_CONFIG = 78;

async function main(config: OperatorConfig): Promise<void> {
  const log = pino({ level: config.logLevel, base: { component: 'operator' } });
  const metrics = createMetrics();
  const kube = await createKubeClient({ fieldManager: FIELD_MANAGER, metrics: metrics.onRequest });
  const manager = createManager({ config, kube, metrics, log, served: await discoverServed(kube) });
  const fail = (err: unknown): void => {
    log.fatal({ err }, 'the operator ends');
    process.exit(1);
  };
  const election = createLeaderElection({
    client: kube,
    namespace: config.namespace,
    name: 'memplane-operator',
    identity: config.identity,
    onLeading: () => {
      metrics.setLeader(true);
      manager.start().catch(fail);
    },
    // Another may write already: the only safe thing is to write no more, at once.
    onLost: (why) => fail(new Error(`leadership lost: ${why}`)),
    log,
  });
  const health = await serveHealth({
    host: config.listenAddress,
    port: config.port,
    registry: metrics.registry,
    ready: () => undefined,
    log,
  });
  // Whatever writes stops before the lease is given back.
  const parts = [manager.stop, election.stop.bind(election), health.close, kube.close];
  onTermination((signal) => {
    log.info({ signal }, 'stopping');
    stopAll(parts).then(() => process.exit(0), fail);
  });
  log.info({ port: health.port, workers: config.workers }, 'operator started');
  if (config.leaderElection) election.start();
  else await manager.start();
}

async function stopAll(parts: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of parts) await stop();
}

try {
  await main(readConfig());
} catch (error) {
  const known = error instanceof ConfigError;
  process.stderr.write(
    `${known ? error.message : `the operator cannot start: ${error instanceof Error ? error.message : error}`}\n`,
  );
  process.exit(known ? EXIT_CONFIG : 1);
}
