import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { locateBinaries, unprivilegedAccount } from '../../../../operator/local/postgres/binaries.js';
import { type Place, prepareData } from '../../../../operator/local/postgres/data-folder.js';
import { freePort } from '../../../../operator/local/postgres/free-port.js';
import { endPostgres } from '../../../../operator/local/postgres/leftover.js';
import { startPostgres } from '../../../../operator/local/postgres/server.js';
import { UnusableState } from '../../../../operator/local/unusable-state.js';

jest.setTimeout(90_000);

const root = mkdtempSync(join(tmpdir(), 'memplane-data-'));
// The account that runs Postgres must be able to come here, or the data go elsewhere.
const open = join(root, 'open');
beforeAll(() => {
  mkdirSync(open);
  chmodSync(root, 0o755);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const place = async (folder: string, home = folder): Promise<Place> => {
  const account = unprivilegedAccount();
  return { folder, home, account, binaries: await locateBinaries(account) };
};

describe('the data folder of a local Postgres', () => {
  it('is made whole or not at all, and stays the same', async () => {
    const at = await place(join(open, 'whole'));
    const password = await prepareData(at, undefined);
    expect(existsSync(join(at.home, 'data', 'global', 'pg_control'))).toBe(true);
    expect(await prepareData(at, undefined)).toBe(password);
    const interrupted = await place(join(open, 'interrupted'));
    await expect(prepareData(interrupted, AbortSignal.timeout(100))).rejects.toThrow();
    expect(existsSync(join(interrupted.home, 'data'))).toBe(false);
    await prepareData(interrupted, undefined);
  });

  const itOnLinux = process.platform === 'linux' ? it : it.skip;
  itOnLinux('that a killed run is still making is given up: who makes it is ended first', async () => {
    const at = await place(join(open, 'making'));
    const made = prepareData(at, undefined).then(
      () => 'made',
      () => 'ended',
    );
    while (!(existsSync(at.home) && readdirSync(at.home).some((name) => name.endsWith('.part'))))
      await new Promise((resolve) => setTimeout(resolve, 5));
    await endPostgres(at.home);
    expect(await made).toBe('ended');
    await prepareData(at, undefined);
    expect(readdirSync(at.home).sort()).toEqual(['data', 'password']);
  });

  it('is refused when a part of it is missing, by its name, and never made anew over what may be left', async () => {
    const folder = join(open, 'broken');
    const at = await place(folder);
    await prepareData(at, undefined);
    rmSync(join(folder, 'data', 'global', 'pg_control'));
    await expect(prepareData(at, undefined)).rejects.toThrow(UnusableState);
    await expect(startPostgres(folder)).rejects.toThrow(`${folder}/data/global/pg_control is missing`);
    expect(existsSync(join(folder, 'data', 'PG_VERSION'))).toBe(true);
  });

  it('of another version is refused with what Postgres says about it', async () => {
    const folder = join(open, 'whole');
    writeFileSync(join(folder, 'data', 'PG_VERSION'), '12\n');
    await expect(startPostgres(folder)).rejects.toThrow(/whole cannot be used:.*incompatible/s);
    writeFileSync(join(folder, 'data', 'PG_VERSION'), '18\n');
  });

  it('does not insist on a port that is taken', async () => {
    const port = await freePort();
    // As unkind as can be: it takes connections and never says a word.
    const server = createServer();
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const postgres = await startPostgres(join(open, 'whole'), port);
    expect(postgres.port).not.toBe(port);
    await postgres.stop();
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  it('that lies elsewhere belongs to the state folder that made it, not to the next one of that name', async () => {
    const folder = join(root, 'state', 'postgres');
    const home = join(open, 'elsewhere');
    const at = await place(folder, home);
    const password = await prepareData(at, undefined);
    expect(readFileSync(`${folder}.id`, 'utf8')).toBe(readFileSync(join(home, 'id'), 'utf8'));
    expect(await prepareData(at, undefined)).toBe(password);
    writeFileSync(join(home, 'of-the-first'), '');

    rmSync(join(root, 'state'), { recursive: true });
    expect(await prepareData(at, undefined)).not.toBe(password);
    expect(existsSync(join(home, 'of-the-first'))).toBe(false);

    rmSync(home, { recursive: true });
    await expect(prepareData(at, undefined)).rejects.toThrow(/postgres\.id cannot be used: its data in .* are gone/);
  });
});
