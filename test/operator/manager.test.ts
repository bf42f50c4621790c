import { createKubeClient } from '../../operator/clients/kube-http.js';
import { readConfig } from '../../operator/config.js';
import { createManager } from '../../operator/manager.js';
import { silentLog } from '../../operator/runtime/log.js';
import { createMetrics } from '../../operator/runtime/metrics.js';
import { type Script, sendJson, startScriptedServer, until } from '../support/scripted-server.js';

const CONFIG = readConfig({ POD_NAME: 'a', WORKERS: '2', LEADER_ELECTION: 'false', LOG_LEVEL: 'error' });

const open = async (script: Script) => {
  const server = await startScriptedServer(script);
  const kube = await createKubeClient({ kubeconfigPath: server.kubeconfig, fieldManager: 'tester' });
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (fields: unknown) => errors.push(fields) };
  const manager = createManager({ config: CONFIG, kube, metrics: createMetrics(), log, served: () => true });
  const close = async (): Promise<void> => {
    await kube.close();
    await server.close();
  };
  return { server, manager, errors, close };
};

/** A cluster without anything in it, and how many watches are open on it. */
const emptyCluster = () => {
  const open = new Set<unknown>();
  const script: Script = ({ query }, response) => {
    if (query.watch !== 'true') {
      sendJson(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
      return;
    }
    open.add(response);
    response.on('close', () => open.delete(response));
    response.writeHead(200).flushHeaders();
  };
  return { script, open };
};

describe('the manager', () => {
  it('that is stopped before its first lists came ends its start, which did not fail', async () => {
    const { server, manager, close } = await open(() => undefined);
    const started = manager.start();
    await until('it asks for lists', () => server.received.length > 5);
    await manager.stop();
    await started;
    await close();
  });

  it('does nothing when its start comes after its stop', async () => {
    const { server, manager, errors, close } = await open(emptyCluster().script);
    await manager.stop();
    await manager.start();
    expect([server.received.length, errors]).toEqual([0, []]);
    await close();
  });

  it('leaves no watch open and asks for nothing more when it has stopped', async () => {
    const { script, open: watches } = emptyCluster();
    const { server, manager, errors, close } = await open(script);
    await manager.start();
    const lists = server.received.length;
    await until('it watches all that it listed', () => lists > 5 && watches.size === lists);
    await manager.stop();
    await until('no watch is open', () => watches.size === 0);
    expect([server.received.length, errors]).toEqual([2 * lists, []]);
    await close();
  });
});
