import { createServer, type Server } from 'node:net';
import { freePort } from '../../../../operator/local/postgres/free-port.js';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

describe('a free port', () => {
  it('is one that the system gives to nobody by itself, and another one each time', async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    expect(new Set(ports).size).toBe(3);
    for (const port of ports) expect([port >= 10_000, port < 20_000]).toEqual([true, true]);
  });

  it('is not one that somebody listens on', async () => {
    const port = await freePort();
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    // Once round the block of this process.
    for (let i = 0; i < 64; i += 1) expect(await freePort()).not.toBe(port);
  });
});
