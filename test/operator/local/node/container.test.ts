import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from 'kubernetes-types/core/v1.js';
import { type ContainerOptions, ContainerRunner } from '../../../../operator/local/node/container.js';
import type { Launch } from '../../../../operator/local/node/launch.js';
import { RunLog } from '../../../../operator/local/node/logs.js';
import { ProcessTable } from '../../../../operator/local/node/processes.js';
import { FRESH } from '../../../../operator/local/node/resume.js';
import { eventually, isAlive } from '../cluster.js';

describe('a container', () => {
  let directory: string;
  let records: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-container-'));
    records = join(directory, 'processes');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const launch = (argv: readonly string[]): Launch => ({
    argv,
    env: { PATH: process.env.PATH ?? '' },
    cwd: directory,
    rewrite: (value) => value,
    resolvePort: () => undefined,
  });
  const build = (
    spec: Partial<Container>,
    options: Pick<ContainerOptions, 'resolveLaunch'> & Partial<ContainerOptions>,
  ) =>
    new ContainerRunner({
      spec: { name: 'main', image: 'any', ...spec },
      role: 'app',
      policy: 'Always',
      resumed: FRESH,
      openLog: (run) => new RunLog(join(directory, `${run}.log`)),
      processes: new ProcessTable(records),
      restart: { initialMs: 10, maxMs: 10, resetAfterMs: 10_000 },
      graceSeconds: 0,
      onChange: () => undefined,
      onEvent: () => undefined,
      ...options,
    });
  const forEver = () => Promise.resolve(launch(['sleep', '600']));

  /** Microtasks later: between two steps of whoever else waits in this turn. */
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step += 1) await undefined;
  };

  it.each(Array.from({ length: 12 }, (_, index) => index))(
    'that is ended %i steps after all is there for its start does not stay',
    async (count) => {
      let ended: Promise<void> | undefined;
      const runner = build(
        {},
        {
          resolveLaunch: () => {
            void steps(count).then(() => {
              ended = runner.end(0);
            });
            return forEver();
          },
        },
      );
      await runner.run();
      await ended;
      expect(readdirSync(records)).toEqual([]);
    },
  );

  it('takes its probes and hooks along when it ends', async () => {
    const asks = (name: string) => ({
      command: ['sh', '-c', `echo $$ > ${name}.part; mv ${name}.part ${name}; exec sleep 600`],
    });
    const runner = build(
      {
        readinessProbe: { exec: asks('probe'), timeoutSeconds: 600 },
        lifecycle: { preStop: { exec: asks('hook') } },
      },
      { resolveLaunch: forEver, policy: 'Never' },
    );
    const run = runner.run();
    const pidIn = (name: string): Promise<number> =>
      eventually(`${name} runs`, () =>
        existsSync(join(directory, name)) ? Number(readFileSync(join(directory, name), 'utf8')) : undefined,
      );
    const probe = await pidIn('probe');
    const ended = runner.end(600_000);
    const hook = await pidIn('hook');
    // A shorter grace overtakes the longer one.
    await runner.end(0);
    await Promise.all([ended, run]);
    expect([isAlive(probe), isAlive(hook)]).toEqual([false, false]);
    expect(readdirSync(records)).toEqual([]);
  });

  it('whose start fails on this machine says why, and is tried again', async () => {
    let refusals = 2;
    const runner = build(
      {},
      {
        policy: 'Never',
        resolveLaunch: () => Promise.resolve(launch([process.execPath, '-e', ''])),
        openLog: (run) => {
          refusals -= 1;
          if (refusals >= 0) throw new Error('ENOSPC: no space left on device');
          return new RunLog(join(directory, `${run}.log`));
        },
      },
    );
    const run = runner.run();
    await eventually('it says why', () => {
      const { state } = runner.view();
      return state.kind === 'waiting' && state.message?.includes('ENOSPC') === true ? true : undefined;
    });
    await run;
    expect(runner.view().state).toMatchObject({ kind: 'terminated', exitCode: 0 });
  });

  it('with an environment that no system takes ends with a start error', async () => {
    const runner = build({}, { policy: 'Never', resolveLaunch: () => Promise.resolve(launch(['a\0b'])) });
    await runner.run();
    expect(runner.view().state).toMatchObject({ kind: 'terminated', exitCode: 128, reason: 'StartError' });
    expect(readdirSync(records)).toEqual([]);
  });
});
