import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../../../../operator/local/api-server/index.js';
import { ConformanceClient } from '../conformance/client.js';
import { configMap } from '../conformance/widget.js';

const PATH = '/api/v1/namespaces/default/configmaps';
const BIG = { k: 'x'.repeat(900_000) };

it('a watch whose time is up while its client reads slowly says nothing more, whatever changes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'memplane-watch-'));
  const server = await startApiServer({ dataDir: directory });
  const client = new ConformanceClient({
    ...{ url: server.url, token: server.adminToken, ca: server.caPem },
    forgetHistory: () => undefined,
    stop: () => Promise.resolve(),
  });
  const wrong: unknown[] = [];
  const note = (cause: unknown): void => void wrong.push(cause);
  process.on('uncaughtExceptionMonitor', note);
  const headers = { authorization: `Bearer ${server.adminToken}` };
  const watch = get(`${server.url}${PATH}?watch=1&timeoutSeconds=1`, { ca: server.caPem, headers });
  // Nobody reads: what is sent waits, and the stream that has ended is not closed.
  watch.on('response', (response) => response.pause()).on('error', () => undefined);
  const until = Date.now() + 2_000;
  for (let index = 0; Date.now() < until; index++)
    await client.create(PATH, configMap(`big-${index % 20}-${index}`, BIG));
  const { status } = await client.create(PATH, configMap('after'));
  watch.destroy();
  process.off('uncaughtExceptionMonitor', note);
  await client.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
  expect([status, wrong]).toEqual([201, []]);
});
