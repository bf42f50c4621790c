import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { buildCrds } from '../../../operator/api/v1alpha1/crd.js';
import { WIDGETS, widget } from './conformance/widget.js';
import { type Embedded, startEmbedded } from './embedded.js';

const run = promisify(execFile);

function kubectlVersion(): string | undefined {
  try {
    const text = execFileSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
    return (JSON.parse(text) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
  } catch {
    return undefined;
  }
}

const version = kubectlVersion();
const title =
  version === undefined ? 'kubectl is not on the PATH: install it to run these' : `an unmodified kubectl ${version}`;

(version === undefined ? describe.skip : describe)(title, () => {
  let embedded: Embedded;

  /** kubectl's cache is kept beside the kubeconfig: one of the home folder may know another cluster at this port. */
  const flags = (): readonly string[] => [
    '--kubeconfig',
    embedded.kubeconfig,
    '--cache-dir',
    join(embedded.directory, 'cache'),
  ];
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await run('kubectl', [...flags(), ...args], { env: { ...process.env, EDITOR: '' } });
    return stdout + stderr;
  };
  const refused = async (...args: readonly string[]): Promise<string> => {
    try {
      await kubectl(...args);
    } catch (error) {
      return String((error as { stderr?: string }).stderr);
    }
    throw new Error(`kubectl ${args.join(' ')} was not refused`);
  };
  const file = (name: string, object: object): string => {
    const path = join(embedded.directory, `${name}.yaml`);
    writeFileSync(path, stringify(object));
    return path;
  };
  const deploy = (image: string, replicas = 2): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image, ports: [{ containerPort: 80 }] }] },
      },
    },
  });

  beforeAll(async () => {
    embedded = await startEmbedded();
    await kubectl('apply', '-f', file('widgets', WIDGETS));
    for (const crd of buildCrds()) await kubectl('apply', '--server-side', '-f', file('crd', crd));
    await kubectl('wait', '--for=condition=Established', 'crd/widgets.conformance.dev', '--timeout=60s');
  }, 90_000);
  afterAll(async () => {
    await embedded?.stop();
  });

  it('knows the cluster by its version and its kinds, short names and categories included', async () => {
    expect(await kubectl('version')).toMatch(/Server Version: v1\.33/);
    const kinds = await kubectl('api-resources');
    expect(kinds).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
    expect(kinds).toMatch(/widgets +wd +conformance\.dev\/v1 +true +Widget/);
  });

  it('applies what is new, again, and changed', async () => {
    expect(await kubectl('apply', '-f', file('web', deploy('example.com/web:1')))).toContain(
      'deployment.apps/web created',
    );
    expect(await kubectl('apply', '-f', file('web', deploy('example.com/web:1')))).toContain(
      'deployment.apps/web unchanged',
    );
    expect(await kubectl('apply', '-f', file('web', deploy('example.com/web:2')))).toContain(
      'deployment.apps/web configured',
    );
    expect(await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={..image}')).toBe('example.com/web:2');
    expect(await kubectl('apply', '-f', file('w', widget('w', { size: 2 })))).toContain(
      'widget.conformance.dev/w created',
    );
    expect(await kubectl('apply', '-f', file('w', widget('w', { size: 2 })))).toContain('unchanged');
    expect(await kubectl('apply', '-f', file('w', widget('w', { size: 4 })))).toContain('configured');
  }, 90_000);

  it('applies on the server, tells who is in the way, and takes over by force', async () => {
    const path = file('side', widget('side', { size: 2 }));
    expect(await kubectl('apply', '--server-side', '-f', path)).toContain('serverside-applied');
    await kubectl('patch', 'widget', 'side', '--type=merge', '-p', '{"spec":{"size":5}}');
    expect(await refused('apply', '--server-side', '-f', path)).toMatch(
      /conflict with "kubectl-patch".*: \.spec\.size/,
    );
    await kubectl('apply', '--server-side', '--force-conflicts', '-f', path);
    expect(await kubectl('get', 'wd', 'side', '-o', 'jsonpath={.spec.size}')).toBe('2');
  }, 90_000);

  it('takes a client-side applied object over to the server side', async () => {
    await kubectl('apply', '-f', file('web', deploy('example.com/web:1', 1)));
    expect(await kubectl('apply', '--server-side', '-f', file('moved', deploy('example.com/web:3', 1)))).toContain(
      'serverside-applied',
    );
    expect(await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={..image}')).toBe('example.com/web:3');
    const owners = await kubectl(
      'get',
      'deploy',
      'web',
      '-o',
      'jsonpath={.metadata.managedFields[*].manager}',
      '--show-managed-fields',
    );
    expect(owners.split(' ')).not.toContain('kubectl-client-side-apply');
  }, 90_000);

  it('says what is wrong with an object, before and after sending it', async () => {
    expect(await refused('apply', '-f', file('bad', widget('bad', { sise: 2 })))).toContain(
      'unknown field "spec.sise"',
    );
    expect(await refused('apply', '-f', file('bad', widget('x', { mode: 'C' })))).toContain(
      'spec.mode: Unsupported value: "C": supported values: "A", "B"',
    );
  });

  it('shows tables, wide and with labels, and whole objects', async () => {
    await kubectl('apply', '-f', file('w', widget('w', { size: 4 })));
    expect(await kubectl('get', 'wd', 'w')).toMatch(/NAME +SIZE +READY +AGE\nw +4 +/);
    expect(await kubectl('get', 'wd', 'w', '-o', 'wide')).toMatch(/NAME +SIZE +READY +MODE +AGE/);
    expect(await kubectl('get', 'deploy,ns', '-A', '--show-labels')).toMatch(
      /default +deployment\.apps\/web .*app=web/,
    );
    const yaml = await kubectl('get', 'wd', 'w', '-o', 'yaml');
    expect(yaml).toContain('kind: Widget');
    expect(yaml).toContain('size: 4');
    expect(await kubectl('get', 'wd', '-l', 'none=such')).toContain('No resources found');
  });

  it('describes an object with its events', async () => {
    const uid = await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.metadata.uid}');
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1', namespace: 'default' },
      involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'default', uid },
      reason: 'Scaled',
      message: 'scaled to two',
      type: 'Normal',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
    };
    await kubectl('create', '-f', file('event', event));
    const text = await kubectl('describe', 'deploy', 'web');
    expect(text).toMatch(/Replicas: +\d+ desired/);
    expect(text).toContain('scaled to two');
    expect(await kubectl('get', 'events')).toMatch(/Normal +Scaled +deployment\/web +scaled to two/);
  });

  it('explains fields, of our kinds too', async () => {
    expect(await kubectl('explain', 'deploy.spec.strategy')).toContain('rollingUpdate');
    expect(await kubectl('explain', 'widget.spec.parts')).toMatch(/name\t<string> -required-/);
    const text = await kubectl('explain', 'mt.spec.backup');
    expect(text).toContain('retentionDays');
    expect(await kubectl('get', 'memplane')).toContain('No resources found');
  }, 90_000);

  it('patches, labels, scales and edits', async () => {
    expect(
      await kubectl(
        'patch',
        'deploy',
        'web',
        '-p',
        '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"i"}]}}}}',
      ),
    ).toContain('patched');
    expect(await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={..containerPort}')).toBe('80');
    expect(await kubectl('label', 'deploy', 'web', 'tier=one')).toContain('labeled');
    expect(await kubectl('annotate', 'deploy', 'web', 'note=x')).toContain('annotated');
    expect(await kubectl('scale', 'deploy', 'web', '--replicas=5')).toContain('scaled');
    expect(await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}')).toBe('5');
    const editor = join(embedded.directory, 'editor');
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/size: 4/size: 7/" "$1"\n');
    chmodSync(editor, 0o700);
    const { stdout } = await run('kubectl', [...flags(), 'edit', 'wd', 'w'], {
      env: { ...process.env, EDITOR: editor, KUBE_EDITOR: editor },
    });
    expect(stdout).toContain('widget.conformance.dev/w edited');
    expect(await kubectl('get', 'wd', 'w', '-o', 'jsonpath={.spec.size}')).toBe('7');
  }, 90_000);

  it('waits for a condition, and for the end of what it deletes', async () => {
    await kubectl('apply', '-f', file('awaited', widget('awaited', {})));
    const waiting = kubectl('wait', '--for=condition=Ready', 'wd/awaited', '--timeout=60s');
    await kubectl(
      'patch',
      'wd',
      'awaited',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}',
    );
    expect(await waiting).toContain('condition met');
    await kubectl(
      'patch',
      'wd',
      'awaited',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":["conformance.dev/hold"]}}',
    );
    const deleting = kubectl('delete', 'wd', 'awaited', '--timeout=60s');
    await kubectl('wait', '--for=jsonpath={.metadata.deletionTimestamp}', 'wd/awaited', '--timeout=60s');
    await kubectl('patch', 'wd', 'awaited', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    expect(await deleting).toContain('deleted');
    expect(await refused('get', 'wd', 'awaited')).toContain('NotFound');
  }, 90_000);

  it('watches as objects come and change', async () => {
    const child = spawn('kubectl', [...flags(), 'get', 'wd', '-w'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const until = async (pattern: RegExp): Promise<void> => {
      const deadline = Date.now() + 60_000;
      while (!pattern.test(text)) {
        if (Date.now() > deadline) throw new Error(`${String(pattern)} was not seen in: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    try {
      await kubectl('apply', '-f', file('seen', widget('seen', { size: 3 })));
      // A watch that is not open yet misses nothing: it begins with what there is.
      await until(/seen +3/);
      await kubectl('patch', 'wd', 'seen', '--type=merge', '-p', '{"spec":{"size":8}}');
      await until(/seen +8/);
    } finally {
      child.kill();
      await ended;
    }
  }, 90_000);

  it('creates by hand what it sends as protobuf, and is told what to do where that is not read', async () => {
    expect(await kubectl('create', 'ns', 'team')).toContain('namespace/team created');
    expect(await kubectl('create', 'cm', 'c', '--from-literal=a=b', '-n', 'team')).toContain('created');
    expect(await kubectl('create', 'secret', 'generic', 's', '--from-literal=k=v', '-n', 'team')).toContain('created');
    expect(await kubectl('get', 'secret', 's', '-n', 'team', '-o', 'jsonpath={.data.k}')).toBe('dg==');
    expect(await kubectl('create', 'sa', 'robot', '-n', 'team')).toContain('created');
    expect(await kubectl('create', 'token', 'robot', '-n', 'team')).toMatch(/^eyJ/);
    expect(
      await kubectl('create', 'deploy', 'd', '--image=x', '-n', 'team').catch(
        (error: { stderr: string }) => error.stderr,
      ),
    ).toMatch(/created|kubectl apply -f/);
    expect(await kubectl('delete', 'ns', 'team', '--timeout=60s')).toContain('deleted');
    expect(await refused('get', 'ns', 'team')).toContain('NotFound');
  }, 90_000);

  it('asks what one may do, as oneself and as others', async () => {
    expect(await kubectl('auth', 'can-i', 'create', 'deployments')).toContain('yes');
    expect(await kubectl('auth', 'whoami')).toMatch(/Username +admin/);
    const robot = 'system:serviceaccount:default:default';
    expect(await refused('get', 'pods', '--as', robot)).toContain(
      `pods is forbidden: User "${robot}" cannot list resource "pods" in API group "" in the namespace "default"`,
    );
    await kubectl('create', 'clusterrole', 'reader', '--verb=get,list', '--resource=pods');
    await kubectl('create', 'clusterrolebinding', 'reader', '--clusterrole=reader', '--serviceaccount=default:default');
    await kubectl('create', 'ns', 'empty');
    expect(await kubectl('get', 'pods', '-n', 'empty', '--as', robot)).toContain('No resources found');
  }, 90_000);

  it('reads the log of a pod from whoever runs it', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    };
    await kubectl('apply', '-f', file('pod', pod));
    expect(await refused('logs', 'p')).toContain('no node agent has registered its logs');
    const asked: string[] = [];
    const forget = embedded.server.registerPodLogs((namespace, name, query) => {
      asked.push(`${namespace}/${name} ${query.get('tailLines')}`);
      return Readable.from(['one\n', 'two\n']);
    });
    expect(await kubectl('logs', 'p', '--tail=2')).toBe('one\ntwo\n');
    expect(asked).toEqual(['default/p 2']);
    forget();
    expect(await kubectl('diff', '-f', file('pod', pod))).toBe('');
  }, 90_000);
});
