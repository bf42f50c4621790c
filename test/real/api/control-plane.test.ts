import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { hasProgram } from '../../support/parts.js';

const run = promisify(execFile);
const missing = controlPlaneMissing() ?? (hasProgram('kubectl') ? undefined : 'kubectl is not on the PATH');

(missing === undefined ? describe : describe.skip)(missing ?? 'a real control plane with its controllers', () => {
  let plane: ControlPlane;
  // What another server at this port once offered is no answer here.
  const cache = mkdtempSync(join(tmpdir(), 'memplane-kubectl-'));
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run('kubectl', ['--kubeconfig', plane.kubeconfig, '--cache-dir', cache, ...args])).stdout;

  beforeAll(async () => {
    plane = await startControlPlane({ controllerManager: true });
  }, 240_000);
  afterAll(async () => {
    rmSync(cache, { recursive: true, force: true });
    await plane.stop();
    expect(existsSync(plane.kubeconfig)).toBe(false);
  });

  it('answers as an admin by the kubeconfig that it wrote', async () => {
    expect(await kubectl('auth', 'can-i', '*', '*')).toContain('yes');
    expect(JSON.parse(await kubectl('get', '--raw', '/version'))).toMatchObject({ major: '1' });
  });

  it('evaluates admission policies', async () => {
    expect(await kubectl('api-resources', '--api-group=admissionregistration.k8s.io')).toContain(
      'ValidatingAdmissionPolicy',
    );
  });

  it('runs the controllers: a namespace gets its account, and is gone when deleted', async () => {
    await kubectl('create', 'namespace', 'mem-acme');
    await kubectl('wait', '--for=create', '-n', 'mem-acme', 'serviceaccount/default', '--timeout=100s');
    expect(await kubectl('create', 'token', '-n', 'mem-acme', 'default')).toMatch(/^eyJ/);
    expect(await kubectl('delete', 'namespace', 'mem-acme', '--timeout=100s')).toContain('deleted');
  }, 240_000);
});
