import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { K8sObject } from '../../charts/manifests/object.js';
import type { KubeHttpClient } from '../../operator/clients/kube-http.js';
import { RESOURCES } from '../../operator/clients/kube-resources.js';
import { chartFiles, objectsOf, openChartCluster, resourceFor } from './chart-cluster.js';
import { memoryctl } from './cli.js';
import { hasProgram } from './parts.js';
import { reviewedStacks } from './reviewed-stacks.js';
import { terraformOutputs } from './stack-outputs.js';

/** What `memoryctl plane from-outputs` writes, as a server takes it that has our kinds and our operator's namespace. */
export function planeDryRun(server: string, kubeconfig: () => string): void {
  const stacks = reviewedStacks();
  const names = [...stacks.keys()].filter((name) => name.endsWith('-plane'));
  const written = async (name: string, ...flags: readonly string[]): Promise<string> => {
    const stdin = JSON.stringify(terraformOutputs(stacks.get(name) ?? {}));
    const { code, out, notes } = await memoryctl(['plane', 'from-outputs', '-', '--quiet', ...flags], { stdin });
    if (code !== 0) throw new Error(notes);
    return out;
  };

  describe(`${server} takes the plane`, () => {
    let client: KubeHttpClient;
    const cache = mkdtempSync(join(tmpdir(), 'memplane-kubectl-'));
    beforeAll(async () => {
      client = await openChartCluster(kubeconfig());
      const namespace = chartFiles().flatMap(objectsOf).find(isNamespace);
      if (namespace === undefined) throw new Error('the charts have no namespace');
      await client.apply(RESOURCES.namespaces, namespace);
    });
    afterAll(async () => {
      await client?.close();
      rmSync(cache, { recursive: true, force: true });
    });

    it.each(names)('of %s, every object and every field', async (name) => {
      const objects = objectsOf({ text: await written(name, '--trust-bundle') });
      expect(objects[0]?.kind).toBe('MemoryPlane');
      for (const object of objects) {
        const answer = await client.apply(resourceFor(object), object, { dryRun: true });
        expect(answer).toMatchObject({ kind: object.kind, metadata: object.metadata });
      }
    });

    const title = 'as "memoryctl plane from-outputs … | kubectl apply --dry-run=server -f -"';
    (hasProgram('kubectl') ? it : it.skip)(title, async () => {
      const args = ['--kubeconfig', kubeconfig(), '--cache-dir', cache, 'apply', '--dry-run=server', '-f', '-'];
      const apply = (input: string) => run('kubectl', args, input);
      const yaml = await apply(await written('aws-prod-plane'));
      expect(yaml).toEqual({
        status: 0,
        stdout: expect.stringMatching(/^memoryplane.memplane.dev\/default created \(server dry run\)\n/),
        stderr: '',
      });
      const more = await apply(await written('gcp-prod-plane'));
      expect(more.stdout).toContain('secret/pg-a-ca created (server dry run)\nconfigmap/memplane-trust created');
    });

    (hasProgram('kubectl') ? it : it.skip)('beside a plane that is there, under another name only', async () => {
      const [given] = objectsOf({ text: await written('aws-prod-plane') });
      if (given === undefined) throw new Error('no plane');
      const { spec } = given as K8sObject & { readonly spec: object };
      const there = { ...given, spec: { ...spec, clusterID: 'local' } };
      await client.apply(resourceFor(given), there);
      try {
        const args = ['--kubeconfig', kubeconfig(), '--cache-dir', cache, 'apply', '--dry-run=server', '-f', '-'];
        const same = await run('kubectl', args, await written('aws-prod-plane'));
        expect(same.stderr).toContain('clusterID cannot change');
        expect(same.status).toBe(1);
        const other = await run(
          'kubectl',
          args,
          await written('aws-prod-plane', '--name', 'aws', '--external-secrets'),
        );
        expect(other.stdout).toMatch(/^memoryplane.memplane.dev\/aws created \(server dry run\)\n/);
        // Nobody has installed the External Secrets Operator here, and kubectl says which kinds that leaves unknown.
        expect(other.stderr).toContain('no matches for kind "ClusterSecretStore" in version "external-secrets.io/v1"');
      } finally {
        await client.delete({ resource: resourceFor(given), name: given.metadata.name });
      }
    });
  });
}

const isNamespace = ({ kind }: K8sObject): boolean => kind === 'Namespace';

/** Not `spawnSync`: the embedded server answers in this process. */
async function run(program: string, args: readonly string[], input: string) {
  const child = spawn(program, args, { stdio: 'pipe' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin.end(input);
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}
