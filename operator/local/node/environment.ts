import type { Container, EnvFromSource, EnvVar } from 'kubernetes-types/core/v1.js';
import type { LivePod } from '../kinds.js';
import type { ConfigData, ConfigKind, ConfigSource } from './config-source.js';
import { expandReferences } from './expansion.js';
import { resolveFieldRef } from './field-ref.js';
import { type Mount, rewritePath } from './mounts.js';
import type { LocalPorts } from './ports.js';
import { StartRefusal } from './refusal.js';

export interface EnvironmentInput {
  readonly pod: LivePod;
  readonly container: Container;
  readonly source: ConfigSource;
  readonly ports: LocalPorts;
  readonly mounts: readonly Mount[];
  /** What every process of this node gets; the pod's own values win. */
  readonly base: Readonly<Record<string, string>>;
}

const VALID_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PORT_NAME = /(^|_)PORT$/;

/**
 * The container's environment: `envFrom` first, then `env` in order, each able to refer to those before it. Two things
 * differ from a container because the process shares this machine: values under a mount path point to the volume's real
 * place, and `PORT` or `…_PORT` variables that name a declared port carry the port that it really has.
 */
export async function resolveEnvironment(input: EnvironmentInput): Promise<Readonly<Record<string, string>>> {
  const env: Record<string, string> = {};
  for (const from of input.container.envFrom ?? []) Object.assign(env, await readEnvFrom(input, from));
  for (const variable of input.container.env ?? []) {
    const value = await readVariable(input, variable, env);
    if (value !== undefined) env[variable.name] = value;
  }
  const placed = Object.entries(env).map(([name, value]) => [name, rewritePath(value, input.mounts)] as const);
  return {
    ...input.base,
    HOSTNAME: input.pod.metadata.name,
    ...portVariables(input.ports),
    ...Object.fromEntries(placed),
    ...(input.ports.http === undefined ? {} : { PORT: String(input.ports.http) }),
  };
}

/** `PORT_<NAME>` for every named port, so that a process can serve more than `http`. */
const portVariables = (ports: LocalPorts): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [`PORT_${name.toUpperCase().replaceAll('-', '_')}`, String(port)]),
  );

async function readEnvFrom(input: EnvironmentInput, from: EnvFromSource): Promise<Readonly<Record<string, string>>> {
  const data = new Map<string, Buffer>();
  for (const [kind, ref] of [['ConfigMap', from.configMapRef] as const, ['Secret', from.secretRef] as const]) {
    if (ref?.name === undefined) continue;
    for (const [key, value] of await readConfig(input, kind, ref.name, ref.optional)) data.set(key, value);
  }
  const prefix = from.prefix ?? '';
  // Keys that are no environment names are files for a mounted copy: skipped, as the kubelet does.
  const named = [...data].filter(([key]) => VALID_NAME.test(`${prefix}${key}`));
  return Object.fromEntries(named.map(([key, value]) => [`${prefix}${key}`, value.toString('utf8')]));
}

async function readVariable(
  input: EnvironmentInput,
  variable: EnvVar,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) return mappedPort(input, variable.name, expandReferences(variable.value ?? '', env));
  if (from.fieldRef !== undefined) return resolveFieldRef(input.pod, from.fieldRef.fieldPath);
  if (from.configMapKeyRef !== undefined) return readKey(input, 'ConfigMap', from.configMapKeyRef);
  if (from.secretKeyRef !== undefined) return readKey(input, 'Secret', from.secretKeyRef);
  throw new StartRefusal(
    'CreateContainerConfigError',
    `env "${variable.name}" of container "${input.container.name}" uses a source that this node does not have: use value, fieldRef, configMapKeyRef or secretKeyRef`,
  );
}

function mappedPort(input: EnvironmentInput, name: string, value: string): string {
  if (!PORT_NAME.test(name)) return value;
  const declared = input.container.ports?.find((port) => String(port.containerPort) === value);
  const mapped = declared?.name === undefined ? undefined : input.ports[declared.name];
  return mapped === undefined ? value : String(mapped);
}

interface KeyRef {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

async function readKey(input: EnvironmentInput, kind: ConfigKind, ref: KeyRef): Promise<string | undefined> {
  const name = ref.name ?? '';
  const data = await readConfig(input, kind, name, ref.optional);
  const value = data.get(ref.key);
  if (value !== undefined) return value.toString('utf8');
  if (ref.optional === true) return undefined;
  throw new StartRefusal(
    'CreateContainerConfigError',
    `couldn't find key ${ref.key} in ${kind} ${input.pod.metadata.namespace ?? ''}/${name}`,
  );
}

async function readConfig(
  input: EnvironmentInput,
  kind: ConfigKind,
  name: string,
  optional: boolean | undefined,
): Promise<ConfigData> {
  const data = await input.source.read(kind, input.pod.metadata.namespace ?? '', name);
  if (data !== undefined) return data;
  if (optional === true) return new Map();
  throw new StartRefusal('CreateContainerConfigError', `${kind.toLowerCase()} "${name}" not found`);
}
