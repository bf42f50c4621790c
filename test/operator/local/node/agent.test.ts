import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESOURCES } from '../../../../operator/clients/kube-resources.js';
import type { LivePod } from '../../../../operator/local/kinds.js';
import { startNodeAgent } from '../../../../operator/local/node/agent.js';
import { createNamespace, eventually, startEmbeddedCluster } from '../cluster.js';
import { describeNodeAgent } from './agent-cases.js';
import { createLocalImage } from './local-image.js';

describeNodeAgent('the node agent on the embedded API server', startEmbeddedCluster);

/** Files that come faster than a directory can be emptied, as of a process that has not noticed its end. */
const WRITES_ON = `
  const { mkdirSync, writeFileSync } = require('node:fs');
  for (let n = 0; ; n += 1) {
    mkdirSync(process.argv[1], { recursive: true });
    try { writeFileSync(process.argv[1] + '/' + n, ''); } catch {}
  }`;

describe('the directory of a pod that waits for a node', () => {
  it('is kept at the start: the pod was here before, and its binding was lost with the end of a log', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'memplane-node-'));
    const cluster = await startEmbeddedCluster();
    const namespace = await createNamespace(cluster);
    const image = createLocalImage();
    const { metadata } = await cluster.client.create(RESOURCES.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'again', namespace },
      spec: {
        containers: [{ name: 'main', image: 'test/program', args: ['hold'] }],
        volumes: [{ name: 'scratch', emptyDir: {} }],
      },
    });
    const scratch = join(dataDir, 'pods', metadata.uid, 'volumes', 'scratch');
    mkdirSync(scratch, { recursive: true });
    writeFileSync(join(scratch, 'kept'), '');
    const agent = await startNodeAgent({ client: cluster.client, dataDir, images: image.images });
    await eventually('it runs', async () => {
      const pod = await cluster.client.get<LivePod>({ resource: RESOURCES.pods, name: 'again', namespace });
      return pod?.status?.phase === 'Running' ? true : undefined;
    });
    expect(existsSync(join(scratch, 'kept'))).toBe(true);
    await agent.stop({ graceMs: 0 });
    await cluster.stop();
    image.remove();
    rmSync(dataDir, { recursive: true, force: true });
  });
});

describe('directories of pods that are gone', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'memplane-node-'));
  const volume = (uid: string): string => join(dataDir, 'pods', uid, 'volumes', 'config');
  let writer: ChildProcess | undefined;

  afterAll(() => {
    writer?.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  });

  it('are removed at the start, which does not fail for one that something still writes into', async () => {
    mkdirSync(volume('quiet'), { recursive: true });
    writeFileSync(join(volume('quiet'), 'file'), '');
    writer = spawn(process.execPath, ['-e', WRITES_ON, volume('busy')]);
    const closed = new Promise((resolve) => writer?.once('close', resolve));
    await eventually('the writer writes', () => existsSync(volume('busy')) || undefined);
    const cluster = await startEmbeddedCluster();
    const start = () => startNodeAgent({ client: cluster.client, dataDir, images: {} });
    await (await start()).stop();
    expect(existsSync(join(dataDir, 'pods', 'quiet'))).toBe(false);
    writer.kill('SIGKILL');
    await closed;
    await (await start()).stop();
    expect(existsSync(join(dataDir, 'pods', 'busy'))).toBe(false);
    await cluster.stop();
  });
});
