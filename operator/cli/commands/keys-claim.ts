import type { LiveObject } from '../../clients/kube.js';
import { KubeError } from '../../clients/kube.js';
import type { KubeHttpClient } from '../../clients/kube-http.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command, Input, Terminal } from '../command.js';
import { CliError, unusableError, usageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type KeptFile, openKeptFile } from '../tenants/kept-file.js';
import {
  callService,
  readEndpoint,
  readEndpointFlag,
  type Service,
  type ServiceAnswer,
  textOf,
} from '../tenants/service.js';
import { type Access, accessOf, readTenantName, requireTenant } from '../tenants/tenant.js';

export const keysClaim: Command = {
  about:
    "Reads the tenant's bootstrap key from its Secret, makes an admin key of your own from it, keeps that, tries it, and only " +
    'then ends the bootstrap key and takes it out of the Secret. When it is interrupted, say it again: the bootstrap key ' +
    'works until the new one was kept. The key is in no argument, log or error, and in no output but --out.',
  parameters: [{ name: 'NAME', summary: 'the tenant' }],
  flags: [
    { name: 'out', value: 'FILE', summary: 'new file for the key, readable by you alone; - prints it' },
    { name: 'name', value: 'TEXT', summary: 'what the key is called in lists (claimed admin key)' },
    { name: 'endpoint', value: 'URL', summary: 'of the tenant, where its own is not reachable from here' },
    KUBECONFIG,
  ],
  exits: [
    [EXIT.no, 'there is no such tenant, or its key was claimed or deleted before'],
    [EXIT.unusable, 'the cluster, the service or the file cannot be used; the bootstrap key works on'],
  ],
  examples: ['memoryctl keys claim acme --out acme-admin.key', 'memoryctl keys claim acme --out - --json'],
  run,
};

/** The bootstrap key works on for so long when nobody ends it: long enough to keep and try the new one, or to say it again. */
const OVERLAP = '10m';

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const out = input.value('out');
  if (out === undefined)
    throw usageError('no --out was given', '--out FILE keeps the key in a new file; --out - prints it');
  const name = input.value('name') ?? 'claimed admin key';
  if (name === '' || name.length > 200) throw usageError(`--name has ${name.length} characters`, 'between 1 and 200');
  const tenant = readTenantName(input);
  const given = readEndpointFlag(input);
  return withCluster(input, terminal, async (kube) => {
    const access = accessOf(await requireTenant(kube, tenant));
    const { key, endpoint } = await readSecret(kube, access);
    const url = given ?? readEndpoint(endpoint ?? access.endpoint ?? '');
    const first: Service = { endpoint: url, key, signal: terminal.signal };
    const known = await demandWorking(first, tenant);
    const file = out === '-' ? undefined : await openKeptFile(out);
    try {
      const claimed = await makeKey(first, known, name, terminal);
      await keep(file, { tenant, role: known.role, claimed }, terminal);
      await endFirst({ ...first, key: claimed.key }, known.id);
      const isEmptied = await emptySecret(kube, access, terminal);
      tell(terminal, { tenant, claimed, role: known.role, endedId: known.id, file, isEmptied });
      return EXIT.ok;
    } finally {
      await file?.close();
    }
  });
}

interface SecretObject extends LiveObject {
  readonly data?: Readonly<Record<string, string>>;
}

const refOf = ({ api_key_secret: { namespace, name } }: Access) => ({ resource: RESOURCES.secrets, namespace, name });
const nameOf = ({ api_key_secret: { namespace, name } }: Access): string => `${namespace}/${name}`;

async function readSecret(kube: KubeHttpClient, access: Access) {
  const secret = await kube.get<SecretObject>(refOf(access));
  const decode = (field: string): string | undefined => {
    const value = secret?.data?.[field];
    return value === undefined || value === '' ? undefined : Buffer.from(value, 'base64').toString('utf8').trim();
  };
  const key = decode('apiKey');
  if (key !== undefined) return { key, endpoint: decode('endpoint') };
  const what = secret === undefined ? 'is not there' : 'holds no key';
  throw new CliError(EXIT.no, `the Secret ${nameOf(access)} ${what}`, [
    'it was claimed or deleted before, and is never made again: ask whoever has an admin key of this tenant',
  ]);
}

interface Known {
  readonly id: string;
  readonly role: string;
}

async function demandWorking(service: Service, tenant: string): Promise<Known> {
  const answer = await callService(service, 'GET', '/api/v1/whoami');
  if (answer.status === 401) {
    throw new CliError(EXIT.no, `the key in the Secret of ${tenant} does not work at ${service.endpoint.href}`, [
      'it was claimed before and the Secret could not be emptied, or this is the URL of another tenant',
    ]);
  }
  demand(answer, 200, service);
  return { id: textOf(answer, 'key_id'), role: textOf(answer, 'role') };
}

interface Claimed {
  readonly id: string;
  readonly key: string;
}

/** An earlier claim whose answer was lost has rotated it already: then the key that still works makes another one. */
async function makeKey(first: Service, { id, role }: Known, name: string, terminal: Terminal): Promise<Claimed> {
  const rotated = await callService(first, 'POST', `/api/v1/keys/${id}/rotate`, { overlap: OVERLAP, name });
  const isAgain = textOf(rotated, 'code') === 'key_exists';
  const made = isAgain ? await callService(first, 'POST', '/api/v1/keys', { name, role }) : rotated;
  demand(made, 201, first);
  if (isAgain) {
    terminal.note(`note: an earlier claim made a key too: ${textOf(rotated, 'detail')}`);
    terminal.note('      revoke it with the new key if nobody has it: DELETE /api/v1/keys/{id}');
  }
  return { id: textOf(made, 'id'), key: textOf(made, 'key') };
}

async function keep(
  file: KeptFile | undefined,
  { tenant, role, claimed: { id, key } }: Pick<Outcome, 'tenant' | 'role' | 'claimed'>,
  terminal: Terminal,
): Promise<void> {
  if (file !== undefined) await file.write(`${key}\n`);
  else terminal.out(terminal.json ? `${JSON.stringify({ tenant, key_id: id, role, key }, null, 2)}\n` : `${key}\n`);
  terminal.note(`made the key ${id}${file === undefined ? '' : `, kept in ${file.path}`}`);
}

/** By the new key: that it works is shown by that. */
async function endFirst(service: Service, id: string): Promise<void> {
  demand(await callService(service, 'DELETE', `/api/v1/keys/${id}`), 200, service);
}

async function emptySecret(kube: KubeHttpClient, access: Access, terminal: Terminal): Promise<boolean> {
  try {
    await kube.mergePatch(refOf(access), { data: { apiKey: null } });
    return true;
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 403 && error.status !== 404)) throw error;
    if (error.status === 403)
      terminal.note(`note: you may not change the Secret ${nameOf(access)}; the key in it no longer works`);
    return error.status === 404;
  }
}

function demand(answer: ServiceAnswer, status: number, { endpoint }: Service): void {
  if (answer.status === status) return;
  const remedy = textOf(answer, 'remedy');
  throw unusableError(
    `${endpoint.href} answered ${answer.status}: ${textOf(answer, 'detail') || 'it is no memory service'}`,
    [...(remedy === '' ? [] : [remedy]), 'the bootstrap key works on for now: say it again'],
  );
}

interface Outcome {
  readonly tenant: string;
  readonly claimed: Claimed;
  readonly role: string;
  readonly endedId: string;
  readonly file: KeptFile | undefined;
  readonly isEmptied: boolean;
}

function tell(terminal: Terminal, { tenant, claimed, role, endedId, file, isEmptied }: Outcome): void {
  if (terminal.json && file !== undefined) {
    const ended = { ended_key_id: endedId, secret_emptied: isEmptied };
    const outcome = { tenant, key_id: claimed.id, role, file: file.path, ...ended };
    terminal.out(`${JSON.stringify(outcome, null, 2)}\n`);
    return;
  }
  const text = `${tenant}: ${claimed.id} is yours, of the role ${role}; the bootstrap key ${endedId} has ended`;
  if (file === undefined) terminal.note(text);
  else terminal.out(`${text}\n`);
}
