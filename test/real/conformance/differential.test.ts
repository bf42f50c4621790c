import { type Answer, ConformanceClient, eventually, type Json } from '../../operator/local/conformance/client.js';
import { paths } from '../../operator/local/conformance/conformance.js';
import { WIDGETS } from '../../operator/local/conformance/widget.js';
import { type Embedded, startEmbedded } from '../../operator/local/embedded.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { comparable } from './comparable.js';
import { buildHistory, DEPLOYMENT_HISTORY, type History, type Step, WIDGET_HISTORY } from './sequences.js';

const missing = controlPlaneMissing();
/** Each is up to seven writes on both servers, about 60 ms together. */
const HISTORIES = 60;

const CONTENT: Readonly<Record<Step['op'], string>> = {
  apply: 'application/apply-patch+yaml',
  status: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  replace: 'application/json',
};

function verdict({ status, body }: Answer): unknown {
  if (body.kind !== 'Status') return { status, object: comparable(body) };
  const message = String(body.message).replace(/ at \d{4}-[^ ]+Z/g, '');
  return { status, reason: body.reason, message };
}

(missing === undefined ? describe : describe.skip)(missing ?? 'random histories end alike on both servers', () => {
  let plane: ControlPlane;
  let embedded: Embedded;
  let clients: readonly ConformanceClient[] = [];

  beforeAll(async () => {
    // Without its controllers: nobody but the history writes.
    plane = await startControlPlane();
    embedded = await startEmbedded();
    const { server } = embedded;
    const cluster = { forgetHistory: () => undefined, stop: () => Promise.resolve() };
    clients = [
      new ConformanceClient({ ...cluster, url: plane.url, token: plane.token, ca: plane.ca }),
      new ConformanceClient({ ...cluster, url: server.url, token: server.adminToken, ca: server.caPem }),
    ];
    for (const client of clients) {
      await client.create(paths.definitions, WIDGETS);
      await eventually('widgets are served', async () => {
        const { status } = await client.get(paths.widgets('default'));
        return status === 200 ? true : undefined;
      });
    }
  }, 240_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await embedded?.stop();
    await plane?.stop();
  });

  const play = async (client: ConformanceClient, path: string, { op, manager, force, body }: Step): Promise<Answer> => {
    const query = { fieldManager: manager, ...(op === 'apply' || op === 'status' ? { force: String(force) } : {}) };
    if (op !== 'replace') {
      const target = op === 'status' ? `${path}/status` : path;
      return await client.call('PATCH', target, { body, query, contentType: CONTENT[op] });
    }
    const current = await client.get(path);
    if (current.status !== 200) return current;
    const spec = { ...(current.body.spec as object), ...((body as Json).spec as object) };
    return await client.replace(path, { ...current.body, spec }, query);
  };

  const cases = (history: History) => Array.from({ length: HISTORIES }, (_, seed) => ({ seed: seed + 1, history }));
  const rows = [...cases(WIDGET_HISTORY), ...cases(DEPLOYMENT_HISTORY)].map((row) => ({
    ...row,
    kind: row.history.kind,
  }));

  it.each(rows)('$kind, seed $seed', async ({ seed, history }) => {
    const path = `${history === WIDGET_HISTORY ? paths.widgets('default') : paths.deployments('default')}/w`;
    for (const client of clients) await client.delete(path, { propagationPolicy: 'Background' });
    const played: Step[] = [];
    for (const step of buildHistory(history, seed)) {
      played.push(step);
      const [real, own] = await Promise.all(clients.map(async (client) => verdict(await play(client, path, step))));
      expect({ played, verdict: own }).toEqual({ played, verdict: real });
    }
  });
});
