import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../../operator/local/api-server/index.js';
import { ConformanceClient, eventually, metaOf, namesOf } from '../conformance/client.js';
import { configMap, WIDGETS, widget } from '../conformance/widget.js';

const PATH = '/api/v1/namespaces/default/configmaps';
const WIDGET_PATH = '/apis/conformance.dev/v1/namespaces/default/widgets';

describe('the state of an API server', () => {
  let directory: string;
  let server: ApiServer | undefined;
  let client: ConformanceClient;

  const start = async (options: ApiServerOptions = {}): Promise<ApiServer> => {
    const started = await startApiServer({ dataDir: directory, ...options });
    server = started;
    client = new ConformanceClient({
      url: started.url,
      token: started.adminToken,
      ca: started.caPem,
      forgetHistory: () => undefined,
      stop: () => Promise.resolve(),
    });
    return started;
  };
  const stop = async (): Promise<void> => {
    await client.close();
    await server?.stop();
    server = undefined;
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-journal-'));
    await start();
  });
  afterEach(async () => {
    await stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('survives a restart: objects, kinds, identity, and versions that only rise', async () => {
    await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', WIDGETS);
    await client.create(WIDGET_PATH, widget('a'));
    await client.create(PATH, configMap('gone'));
    await client.delete(`${PATH}/gone`);
    const { body: kept } = await client.create(PATH, configMap('kept', { k: 'v' }));
    const { adminToken, caPem } = server ?? {};
    await stop();
    const again = await start();
    expect([again.adminToken, again.caPem]).toEqual([adminToken, caPem]);
    expect((await client.get(`${PATH}/kept`)).body).toEqual(kept);
    expect(namesOf((await client.get(PATH)).body)).toEqual(['kept']);
    expect((await client.get(`${WIDGET_PATH}/a`)).body.spec).toMatchObject({ size: 3 });
    const { body: next } = await client.create(PATH, configMap('next'));
    expect(Number(metaOf(next).resourceVersion)).toBeGreaterThan(Number(metaOf(kept).resourceVersion));
  });

  it('lets a watcher go on from the last version, and sends one from before to list again', async () => {
    const { body: first } = await client.create(PATH, configMap('first'));
    const { body: last } = await client.create(PATH, configMap('last'));
    await stop();
    await start();
    const late = await client.watch(PATH, { resourceVersion: metaOf(first).resourceVersion });
    await late.ended;
    expect(late.events).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    const current = await client.watch(PATH, { resourceVersion: metaOf(last).resourceVersion });
    await client.create(PATH, configMap('new'));
    await eventually('it is told', () => (current.events.length > 0 ? true : undefined));
    await current.close();
    expect(current.events.map(({ type, object }) => [type, metaOf(object).name])).toEqual([['ADDED', 'new']]);
  });

  it('after a crash has every write that was flushed, and never gives a version twice', async () => {
    const { body } = await client.create(PATH, configMap('kept'));
    await server?.flush();
    await stop();
    // As a crash leaves it: a write cut off in the middle, and no orderly end.
    const [journal = ''] = readdirSync(directory).filter((file) => file.startsWith('journal-'));
    appendFileSync(join(directory, journal), 'P 999 /configmaps {"apiVersion":"v1","kind":"Con');
    rmSync(join(directory, 'reserved'));
    await start();
    expect((await client.get(`${PATH}/kept`)).status).toBe(200);
    const { body: next } = await client.create(PATH, configMap('next'));
    expect(Number(metaOf(next).resourceVersion)).toBeGreaterThan(Number(metaOf(body).resourceVersion));
    await stop();
    await start();
    expect(namesOf((await client.get(PATH)).body)).toEqual(['kept', 'next']);
  });

  it('refuses a log in which a byte changed where it still parses, and names the line', async () => {
    await client.create(PATH, configMap('kept', { k: 'x'.repeat(200) }));
    await stop();
    const [journal = ''] = readdirSync(directory).filter((file) => file.startsWith('journal-'));
    const path = join(directory, journal);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace('xxx', 'xyx'));
    await expect(start()).rejects.toThrow(/journal-\d+\.log, line \d+ is not of our log/);
    writeFileSync(path, whole);
    await start();
  });

  it('is not written by a server that did not come up', async () => {
    const dataDir = join(directory, 'of two');
    const other = await startApiServer();
    await expect(startApiServer({ dataDir, port: other.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const next = await startApiServer({ dataDir });
    // Later than whatever the first one might have had to write.
    for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await next.stop();
    await other.stop();
    const [journal = ''] = readdirSync(dataDir).filter((file) => file.startsWith('journal-'));
    const made = readFileSync(join(dataDir, journal), 'utf8').match(/ P \d+ \/namespaces .*"name":"default"/g);
    expect(made).toHaveLength(1);
  });

  it('is folded into a snapshot when its log has grown, and is whole before, during and after', async () => {
    await stop();
    await start({ snapshotBytes: 20_000 });
    const names = Array.from({ length: 60 }, (_, index) => `c-${String(index).padStart(2, '0')}`);
    for (const name of names) await client.create(PATH, configMap(name, { k: 'x'.repeat(1000) }));
    await client.delete(`${PATH}/c-07`);
    await server?.flush();
    expect(readdirSync(directory).filter((file) => /^(snapshot|journal)-/.test(file))).toHaveLength(2);
    await stop();
    await start({ snapshotBytes: 20_000 });
    expect(namesOf((await client.get(PATH)).body)).toEqual(names.filter((name) => name !== 'c-07'));
  });

  it('is readable by its owner alone, and held by one server', async () => {
    for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o077).toBe(0);
    await expect(startApiServer({ dataDir: directory })).rejects.toThrow(/already uses/);
  });
});
