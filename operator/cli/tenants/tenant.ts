import { setTimeout as sleep } from 'node:timers/promises';
import { SECRETS, tenantNamespace } from '../../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import { TENANT_NAME } from '../../api/v1alpha1/schema/reference.js';
import type { Condition, MemoryTenant } from '../../api/v1alpha1/types.js';
import type { KubeClient } from '../../clients/kube.js';
import type { Input } from '../command.js';
import { CliError, usageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';

const POLL_MS = 250;

export const refOf = (name: string) => ({ resource: MEMORY_TENANTS, name });

const TENANT = new RegExp(TENANT_NAME);

/** The argument NAME. What no tenant can be called is a slip of the command line, and no cluster is asked. */
export function readTenantName({ parameters }: Pick<Input, 'parameters'>): string {
  const [name = ''] = parameters;
  if (TENANT.test(name)) return name;
  const how = 'a name has at most 50 lower-case letters, digits and hyphens, a letter or digit at both ends';
  throw usageError(`${JSON.stringify(name)} is no name of a tenant`, how);
}

/** Fails with exit code 1 where there is no such tenant. */
export async function requireTenant(kube: KubeClient, name: string): Promise<MemoryTenant> {
  const tenant = await kube.get<MemoryTenant>(refOf(name));
  if (tenant === undefined)
    throw new CliError(EXIT.no, `there is no tenant ${name}`, ['"memoryctl tenant list" shows all']);
  return tenant;
}

export const conditionsOf = ({ status }: MemoryTenant): readonly Condition[] => status?.conditions ?? [];

export const readyOf = (tenant: MemoryTenant): Condition | undefined =>
  conditionsOf(tenant).find(({ type }) => type === 'Ready');

/** What an application needs; the key itself stays where the cluster guards it. */
export interface Access {
  readonly tenant_id: string | null;
  readonly endpoint: string | null;
  readonly api_key_secret: { readonly namespace: string; readonly name: string; readonly key: string };
}

export const accessOf = ({ metadata, status }: MemoryTenant): Access => ({
  tenant_id: status?.tenantID ?? null,
  endpoint: status?.endpoint ?? null,
  api_key_secret: {
    namespace: status?.namespace ?? tenantNamespace(metadata.name),
    name: status?.apiKeySecret ?? SECRETS.adminKey,
    key: 'apiKey',
  },
});

/** Polls until `settled` says so, telling each new reason once. */
export async function follow(
  kube: KubeClient,
  name: string,
  options: {
    readonly deadlineMs: number;
    readonly signal: AbortSignal;
    readonly note: (line: string) => void;
    readonly settled: (tenant: MemoryTenant | undefined) => boolean;
  },
): Promise<MemoryTenant | undefined> {
  const deadline = Date.now() + options.deadlineMs;
  let said = '';
  for (;;) {
    const tenant = await kube.get<MemoryTenant>(refOf(name), options.signal);
    if (options.settled(tenant)) return tenant;
    const ready = tenant === undefined ? undefined : readyOf(tenant);
    const now = ready === undefined ? 'the operator has not looked at it yet' : `${ready.reason}: ${ready.message}`;
    if (now !== said) options.note(`${name}: ${now}`);
    said = now;
    if (Date.now() > deadline) {
      const waited = Math.round(options.deadlineMs / 1_000);
      throw new CliError(EXIT.no, `${name} is not there after ${waited} s`, [
        now,
        'wait longer with --timeout, or see "memoryctl doctor"',
      ]);
    }
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

export const isReady = (tenant: MemoryTenant | undefined): boolean =>
  tenant !== undefined &&
  tenant.status?.observedGeneration === tenant.metadata.generation &&
  readyOf(tenant)?.status === 'True';

/** `90s`, `5m`, `1h` → milliseconds. */
export function readTimeout(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw usageError(`--timeout ${text} is not a duration`, 'such as 90s, 5m or 1h');
  return Number(count) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
}
