import { parse } from 'yaml';
import { API_VERSION } from '../../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import { validateTenant } from '../../api/v1alpha1/validate.js';
import { KubeError } from '../../clients/kube.js';
import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command, Input, Terminal } from '../command.js';
import { CliError, unusableError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { refuseObject } from '../invalid-object.js';
import { accessOf, follow, isReady, readTimeout } from '../tenants/tenant.js';

export const tenantCreate: Command = {
  about:
    'Writes a MemoryTenant, waits until it is Ready and prints its id, its endpoint and the Secret that holds its first ' +
    'key, as one JSON object. The key itself is not printed.',
  parameters: [{ name: 'NAME', summary: 'at most 50 lower-case letters, digits and hyphens' }],
  flags: [
    { name: 'file', value: 'FILE', summary: 'spec of the tenant in YAML or JSON, - for standard input' },
    { name: 'plane', value: 'NAME', summary: 'MemoryPlane (default)' },
    { name: 'class', value: 'NAME', summary: 'MemoryTenantClass (the default one)' },
    { name: 'tier', value: 'TIER', summary: 'Pooled, Dedicated or Isolated' },
    { name: 'size', value: 'SIZE', summary: 'small, medium or large' },
    { name: 'hostname', value: 'NAME', repeats: true, summary: 'where it answers, instead of NAME.<baseDomain>' },
    { name: 'no-wait', summary: 'do not wait until it is Ready' },
    { name: 'timeout', value: 'DURATION', summary: 'how long to wait (5m)' },
    KUBECONFIG,
  ],
  exits: [
    [EXIT.ok, 'it is Ready (or written, with --no-wait)'],
    [EXIT.no, 'it exists already, was refused, or is not Ready in time'],
  ],
  examples: [
    'memoryctl tenant create acme',
    'memoryctl tenant create acme --size medium --hostname memory.acme.example',
  ],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const [name = ''] = input.parameters;
  const deadlineMs = readTimeout(input.value('timeout') ?? '5m');
  const object = {
    apiVersion: API_VERSION,
    kind: 'MemoryTenant',
    metadata: { name },
    spec: await readSpec(input, terminal),
  };
  const errors = validateTenant(object);
  if (errors.length > 0) {
    const given = FIELDS.flatMap(([flag, path]) => (input.isSet(flag) ? [path] : []));
    throw refuseObject(`tenant ${name} cannot be made like this`, errors, ['metadata.name', ...given]);
  }
  return await withCluster(input, terminal, async (kube) => {
    const made = await kube.create<MemoryTenant>(MEMORY_TENANTS, object).catch((error: unknown) => {
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
      throw new CliError(EXIT.no, `tenant ${name} exists already`, [`"memoryctl tenant info ${name}" shows it`], error);
    });
    const { signal, note } = terminal;
    const tenant = input.isSet('no-wait')
      ? made
      : await follow(kube, name, { deadlineMs, signal, note, settled: isReady });
    terminal.out(`${JSON.stringify(accessOf(tenant ?? made), null, 2)}\n`);
    return EXIT.ok;
  });
}

/** What each flag gives. */
const FIELDS = [
  ['plane', 'spec.planeRef'],
  ['class', 'spec.className'],
  ['tier', 'spec.tier'],
  ['size', 'spec.size'],
  ['hostname', 'spec.access.hostnames'],
] as const;

async function readSpec(input: Input, terminal: Terminal): Promise<Readonly<Record<string, unknown>>> {
  const file = input.value('file');
  const given = file === undefined ? {} : parseSpec(file, await readText(file, terminal));
  const flag = (name: string, value: (text: string) => object) => {
    const text = input.value(name);
    return text === undefined ? {} : value(text);
  };
  const hostnames = input.values('hostname');
  const access = (given.access ?? {}) as object;
  return {
    ...given,
    ...flag('plane', (text) => ({ planeRef: { name: text } })),
    ...flag('class', (text) => ({ className: text })),
    ...flag('tier', (text) => ({ tier: text })),
    ...flag('size', (text) => ({ size: text })),
    ...(hostnames.length === 0 ? {} : { access: { ...access, hostnames } }),
  };
}

function parseSpec(file: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw unusableError(`${file} is not YAML: ${(cause as Error).message.split('\n')[0]}`, [], cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unusableError(`${file} holds no spec`, ['write the fields of spec, such as "size: medium"']);
}
