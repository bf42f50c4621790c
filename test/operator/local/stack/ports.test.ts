import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../operator/local/postgres/free-port.js';
import { onPort, preferredPorts } from '../../../../operator/local/stack/ports.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-ports-'));
const file = join(root, 'ports.json');
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const take = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => {
      servers.push(server);
      resolve(true);
    });
  });

describe('ports of a stack', () => {
  it('are those of the last run, and any other for one that is taken by now', async () => {
    const ports = { postgres: await freePort(), apiServer: await freePort(), router: await freePort() };
    (await preferredPorts(root)).remember(ports);
    expect(await preferredPorts(root)).toMatchObject(ports);
    expect(await take(ports.router, '127.0.0.1')).toBe(true);
    expect(await preferredPorts(root)).toMatchObject({ ...ports, router: 0, wished: ports });
  });

  it('are not shared with a server on ::1, which *.localhost means first to many', async () => {
    const router = await freePort();
    writeFileSync(file, JSON.stringify({ router }));
    const taken = await take(router, '::1');
    // A machine without IPv6 has nobody there, so the port is ours.
    expect((await preferredPorts(root)).router).toBe(taken ? 0 : router);
  });

  it.each(['garbage', '', '[]', 'null', '{"router": 99999, "postgres": -1, "apiServer": "443"}', '{"router": 0}'])(
    'begin anew when the file says %s',
    async (text) => {
      writeFileSync(file, text);
      expect((await preferredPorts(root)).wished).toEqual({ postgres: 0, apiServer: 0, router: 8088 });
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('are given up for any other when somebody was quicker, which other failures are not', async () => {
    const port = await freePort();
    await take(port, '127.0.0.1');
    const listen = (at: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const server = createServer();
        server.once('error', reject);
        server.listen(at, '127.0.0.1', () => {
          servers.push(server);
          resolve(at);
        });
      });
    const other = await onPort(port, listen);
    expect(other).not.toBe(port);
    expect(other).toBeGreaterThan(0);
    // Also when nobody was, but the first ones that are looked for are taken in the meantime.
    let quicker = 3;
    const late = async (at: number): Promise<number> => {
      if (quicker > 0) await take(at, '127.0.0.1');
      quicker -= 1;
      return listen(at);
    };
    expect(await onPort(0, late)).toBeGreaterThan(0);
    expect(quicker).toBe(-1);
    await expect(onPort(port, () => Promise.reject(new Error('of another kind')))).rejects.toThrow('of another kind');
  });
});
