/**
 * A stand-in for what of Google Cloud a tenant needs: key rings, keys, their versions and policies (Cloud KMS), objects and
 * managed folders (Cloud Storage), in the shapes of their REST references. It refuses whom no policy lets in, other
 * authenticated data, versions that are off, a policy of an older etag, an object of another generation, in a bucket with
 * object retention an object without a locked date, and a deletion before it. What the operator may do are the roles of `infra/identity`; a denial keeps it from every use of a key.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { crc32c } from '../../app/keys/crc32c.js';
import { GCP_ROLES } from '../../infra/identity/gcp-roles.js';
import { type Answer, type Asked, type CloudServer, type Loose, Refusal, startCloudServer } from './cloud-server.js';

interface Policy {
  bindings: { role: string; members: string[] }[];
  etag: string;
}
export interface Version {
  state: string;
  readonly secret: Buffer;
}
export interface GoogleKey {
  readonly said: Loose;
  readonly versions: Version[];
  policy: Policy;
}

export interface GoogleObject {
  readonly bytes: Buffer;
  readonly generation: number;
  readonly retention?: Loose | undefined;
  readonly kmsKeyName?: string | undefined;
}

export const RING = 'projects/p/locations/europe-west3/keyRings/memplane-test-tenants';
export const OPERATOR = 'the operator';
const USE = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';

export interface GoogleStandIn extends CloudServer {
  readonly keys: Map<string, GoogleKey>;
  /** By bucket and name. */
  readonly objects: Map<string, GoogleObject>;
  /** Buckets with object retention, and for how many days each keeps its objects at least. */
  readonly retaining: Map<string, number>;
  readonly folders: Map<string, Policy>;
  /** Permissions that the operator lost. */
  readonly lost: Set<string>;
  /** What a version that is made begins as. */
  birth: string;
  /** host:port of the metadata server that a pod of this service account sees. */
  metadata(member: string): Promise<string>;
}

export const memberOf = (namespace: string, account: string): string =>
  `principal://iam.googleapis.com/projects/12345/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/${namespace}/sa/${account}`;

const refuse = (status: number, word: string, message = word): never => {
  throw new Refusal({ status, body: { error: { code: status, status: word, message } } });
};
const ok = (body: object): Answer => ({ status: 200, body });

export async function startGoogle(buckets: readonly string[]): Promise<GoogleStandIn> {
  const keys = new Map<string, GoogleKey>();
  const objects: GoogleStandIn['objects'] = new Map();
  const retaining: GoogleStandIn['retaining'] = new Map();
  const folders = new Map<string, Policy>();
  const lost = new Set<string>();
  const metadata: CloudServer[] = [];
  let count = 0;

  const granted = (role: string): readonly string[] =>
    role === USE
      ? ['cloudkms.cryptoKeyVersions.useToEncrypt', 'cloudkms.cryptoKeyVersions.useToDecrypt']
      : ((GCP_ROLES as Readonly<Record<string, readonly string[]>>)[role.slice(role.lastIndexOf('/') + 1)] ?? []);
  const holds = (policy: Policy | undefined, who: string, permission: string): boolean =>
    (policy?.bindings ?? []).some(({ role, members }) => members.includes(who) && granted(role).includes(permission));

  const mayKey = (who: string, permission: string, id = ''): void => {
    const own = who === OPERATOR && !lost.has(permission) && granted('tenantKeyAdmin').includes(permission);
    if (own || (who !== OPERATOR && holds(keys.get(id)?.policy, who, permission))) return;
    refuse(403, 'PERMISSION_DENIED', `Permission '${permission}' denied on resource '${id}' (or it may not exist).`);
  };
  const can = (who: string, permission: string, bucket: string, name: string): boolean => {
    if (who === OPERATOR) return !lost.has(permission) && granted('keyringAdmin').includes(permission);
    return [...folders].some(([at, policy]) => `${bucket}/${name}`.startsWith(at) && holds(policy, who, permission));
  };
  const mayObject = (who: string, permission: string, bucket: string, name = ''): void => {
    if (!buckets.includes(bucket)) refuse(404, 'notFound', 'The specified bucket does not exist.');
    if (!can(who, permission, bucket, name)) refuse(403, 'forbidden', `${who} does not have ${permission} access.`);
  };

  const created = (key: GoogleKey): object => {
    const { said, versions } = key;
    const primary = { name: `cryptoKeyVersions/${versions.length}`, state: versions.at(-1)?.state };
    return { ...said, primary };
  };
  const policed = (policy: Policy, sent: Policy): Policy => {
    if (sent.etag !== policy.etag) refuse(409, 'ABORTED', 'There were concurrent policy changes.');
    return { bindings: sent.bindings, etag: `etag-${++count}` };
  };

  const kms = (who: string, { method, path, query, json }: Asked): Answer => {
    const rest = path.slice('/v1/'.length);
    if (rest === `${RING}/cryptoKeys` && method === 'POST') {
      mayKey(who, 'cloudkms.cryptoKeys.create');
      const id = `${RING}/cryptoKeys/${query.get('cryptoKeyId')}`;
      if (keys.has(id)) refuse(409, 'ALREADY_EXISTS');
      const seconds = Number(/^(\d+)s$/.exec(String(json.rotationPeriod))?.[1]);
      if (seconds < 86_400 || !(Date.parse(String(json.nextRotationTime)) > Date.now()))
        refuse(400, 'INVALID_ARGUMENT');
      if (Object.values(json.labels ?? {}).some((one) => !/^[a-z0-9_-]{0,63}$/.test(String(one))))
        refuse(400, 'labels');
      const key = {
        said: { ...json },
        versions: [{ state: standIn.birth, secret: randomBytes(32) }],
        policy: { bindings: [], etag: 'etag-0' },
      };
      keys.set(id, key);
      return ok(created(key));
    }
    const [, id = '', version, verb] =
      /^(.*?\/cryptoKeys\/[^/:]+)(\/cryptoKeyVersions(?:\/\d+)?)?(?::(\w+))?$/.exec(rest) ?? [];
    const key = keys.get(id);
    if (key === undefined) return refuse(404, 'NOT_FOUND', `${id} not found.`);
    if (version !== undefined) return versionOf(who, id, key, version, verb);
    switch (verb) {
      case 'getIamPolicy':
        mayKey(who, 'cloudkms.cryptoKeys.getIamPolicy');
        return ok(key.policy);
      case 'setIamPolicy':
        mayKey(who, 'cloudkms.cryptoKeys.setIamPolicy');
        key.policy = policed(key.policy, json.policy as unknown as Policy);
        return ok(key.policy);
      case 'encrypt':
        mayKey(who, 'cloudkms.cryptoKeyVersions.useToEncrypt', id);
        return ok(encrypt(key, json as unknown as Body));
      case 'decrypt':
        mayKey(who, 'cloudkms.cryptoKeyVersions.useToDecrypt', id);
        return ok(decrypt(key, json as unknown as Body));
      default:
        mayKey(who, method === 'PATCH' ? 'cloudkms.cryptoKeys.update' : 'cloudkms.cryptoKeys.get');
        for (const field of method === 'PATCH' ? (query.get('updateMask') ?? '').split(',') : [])
          key.said[field] = json[field];
        return ok(created(key));
    }
  };
  const versionOf = (who: string, id: string, { versions }: GoogleKey, path: string, verb?: string): Answer => {
    if (verb === undefined) {
      mayKey(who, 'cloudkms.cryptoKeyVersions.list');
      const all = versions.map(({ state }, n) => ({ name: `${id}/cryptoKeyVersions/${n + 1}`, state }));
      return ok({ cryptoKeyVersions: all });
    }
    mayKey(who, `cloudkms.cryptoKeyVersions.${verb}`);
    const found = versions[Number(/\d+$/.exec(path)?.[0]) - 1];
    if (verb !== 'destroy' || found === undefined) return refuse(404, 'NOT_FOUND');
    if (!['ENABLED', 'DISABLED'].includes(found.state)) refuse(400, 'FAILED_PRECONDITION');
    found.state = 'DESTROY_SCHEDULED';
    return ok({ state: found.state });
  };

  const storage = (who: string, asked: Asked): Answer => {
    const { method, path, query } = asked;
    const [, upload, bucket = '', kind, encoded, iam] =
      /^(\/upload)?\/storage\/v1\/b\/([^/]+)\/(o|managedFolders)(?:\/([^/]+))?(\/iam)?$/.exec(path) ?? [];
    const name = decodeURIComponent(encoded ?? '');
    if (kind === 'managedFolders') return folder(who, bucket, name, iam !== undefined, asked);
    if (upload !== undefined) {
      const { bytes, said } = sentIn(asked);
      const to = query.get('name') ?? String(said.name ?? '');
      const there = objects.get(`${bucket}/${to}`);
      mayObject(who, 'storage.objects.create', bucket, to);
      if (there !== undefined) mayObject(who, 'storage.objects.delete', bucket, to);
      if (String(there?.generation ?? 0) !== query.get('ifGenerationMatch')) refuse(412, 'conditionNotMet');
      if (said.retention !== undefined) mayObject(who, 'storage.objects.setRetention', bucket, to);
      checkRetention(retaining.get(bucket), said.retention);
      const version = query.has('kmsKeyName') ? { kmsKeyName: `${query.get('kmsKeyName')}/cryptoKeyVersions/1` } : {};
      objects.set(`${bucket}/${to}`, { bytes, generation: ++count, retention: said.retention, ...version });
      return ok({ name: to, generation: String(count), ...version });
    }
    if (encoded === undefined) {
      mayObject(who, 'storage.objects.list', bucket);
      const prefix = `${bucket}/${query.get('prefix') ?? ''}`;
      const names = [...objects.keys()].filter((one) => one.startsWith(prefix)).sort();
      const from = Number(query.get('pageToken') ?? 0);
      const items = names.slice(from, from + 2).map((one) => ({ name: one.slice(bucket.length + 1) }));
      return ok({ items, ...(names.length > from + 2 ? { nextPageToken: String(from + 2) } : {}) });
    }
    mayObject(who, method === 'DELETE' ? 'storage.objects.delete' : 'storage.objects.get', bucket, name);
    const found = objects.get(`${bucket}/${name}`);
    if (found === undefined) {
      // Who may not list does not learn that there is nothing.
      return can(who, 'storage.objects.list', bucket, name) ? refuse(404, 'notFound') : refuse(403, 'forbidden');
    }
    if (method === 'DELETE') {
      if (Date.parse(String(found.retention?.retainUntilTime)) > Date.now()) {
        refuse(403, 'retentionPolicyNotMet', `Object '${bucket}/${name}' is subject to object retention.`);
      }
      objects.delete(`${bucket}/${name}`);
      return { status: 204 };
    }
    if (query.get('alt') !== 'media') return ok({ ...(found.retention && { retention: found.retention }) });
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32c(found.bytes));
    const headers = {
      'x-goog-generation': String(found.generation),
      'x-goog-hash': `crc32c=${sum.toString('base64')}`,
    };
    return { status: 200, body: found.bytes, headers };
  };
  const folder = (who: string, bucket: string, name: string, iam: boolean, { method, json }: Asked): Answer => {
    const may = (verb: string): void => {
      if (who !== OPERATOR || lost.has(verb)) refuse(403, 'forbidden', `${who} may not ${verb}`);
    };
    if (method === 'POST') {
      may('storage.managedFolders.create');
      const at = `${bucket}/${json.name}`;
      if (folders.has(at)) refuse(409, 'conflict');
      if (!String(json.name).endsWith('/')) refuse(400, 'invalid');
      folders.set(at, { bindings: [], etag: 'etag-0' });
      return ok({ name: json.name });
    }
    const at = `${bucket}/${name}`;
    const policy = folders.get(at);
    if (policy === undefined) return refuse(404, 'notFound');
    if (method === 'DELETE') {
      may('storage.managedFolders.delete');
      folders.delete(at);
      return { status: 204 };
    }
    may(`storage.managedFolders.${method === 'PUT' ? 'set' : 'get'}IamPolicy`);
    if (method === 'PUT' && iam) folders.set(at, policed(policy, json as unknown as Policy));
    return ok(folders.get(at) ?? {});
  };

  const server = await startCloudServer((asked) => {
    const who = /^Bearer (.+)$/.exec(asked.headers.authorization ?? '')?.[1];
    if (who === undefined) return refuse(401, 'UNAUTHENTICATED');
    return asked.path.startsWith('/v1/') ? kms(who, asked) : storage(who, asked);
  });
  const stop = server.stop;
  const standIn: GoogleStandIn = Object.assign(server, {
    ...{ keys, objects, retaining, folders, lost },
    birth: 'ENABLED',
    metadata: async (member: string) => {
      const one = await startCloudServer(({ headers }) =>
        headers['metadata-flavor'] === 'Google' ? ok({ access_token: member, expires_in: 3_600 }) : { status: 403 },
      );
      metadata.push(one);
      return one.host;
    },
    stop: async () => {
      for (const one of metadata) await one.stop();
      await stop();
    },
  });
  return standIn;
}

/** An upload is the bytes alone, or a description and then the bytes, whose checksum it may tell. */
function sentIn({ query, headers, bytes }: Asked): { readonly bytes: Buffer; readonly said: Loose } {
  if (query.get('uploadType') !== 'multipart') return { bytes, said: {} };
  const boundary = /^multipart\/related; boundary=(\S+)$/.exec(String(headers['content-type']))?.[1];
  const text = bytes.toString('latin1');
  const parts = boundary === undefined ? [] : text.split(`--${boundary}`);
  const [, first = '', second = ''] = parts;
  if (parts.length !== 4 || !parts[3]?.startsWith('--')) refuse(400, 'badRequest', 'Malformed multipart body.');
  const inside = (part: string): string => part.slice(part.indexOf('\r\n\r\n') + 4, -2);
  const said = JSON.parse(Buffer.from(inside(first), 'latin1').toString()) as Loose;
  const sent = Buffer.from(inside(second), 'latin1');
  const sum = said.crc32c === undefined ? undefined : Buffer.from(String(said.crc32c), 'base64').readUInt32BE();
  if (sum !== undefined && sum !== crc32c(sent)) refuse(400, 'invalid', 'Provided CRC32C does not match.');
  return { bytes: sent, said };
}

/** Stricter than Google: where objects can be retained, none comes without a date, and none with one before the bucket's. */
function checkRetention(floorDays: number | undefined, retention: Loose | undefined): void {
  if (floorDays === undefined) {
    if (retention !== undefined) refuse(400, 'invalid', 'Object retention is not enabled on the bucket.');
    return;
  }
  if (retention?.mode === undefined) refuse(400, 'required', 'The stand-in takes no object without retention here.');
  if (!['Locked', 'Unlocked'].includes(String(retention?.mode))) refuse(400, 'invalid', 'Invalid retention mode.');
  const days = (Date.parse(String(retention?.retainUntilTime)) - Date.now()) / 86_400_000;
  if (!(days >= floorDays)) refuse(400, 'invalid', `Retention of ${days} days, and the bucket keeps ${floorDays}.`);
}

type Body = Readonly<Record<string, string>>;
const checked = (text: string | undefined, crc: string | undefined): Buffer => {
  const bytes = Buffer.from(text ?? '', 'base64');
  return crc === String(crc32c(bytes)) ? bytes : refuse(400, 'INVALID_ARGUMENT', 'the checksum is of other bytes');
};

function encrypt({ versions }: GoogleKey, body: Body): object {
  const version = versions.at(-1);
  if (version?.state !== 'ENABLED') return refuse(400, 'FAILED_PRECONDITION', 'the primary version is not enabled');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', version.secret, iv, { authTagLength: 16 });
  cipher.setAAD(checked(body.additionalAuthenticatedData, body.additionalAuthenticatedDataCrc32c));
  const text = cipher.update(checked(body.plaintext, body.plaintextCrc32c));
  const out = Buffer.concat([Buffer.from([versions.length]), iv, text, cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: out.toString('base64'), ciphertextCrc32c: String(crc32c(out)) };
}

function decrypt({ versions }: GoogleKey, body: Body): object {
  const bytes = checked(body.ciphertext, body.ciphertextCrc32c);
  const version = versions[(bytes[0] ?? 0) - 1];
  if (version?.state !== 'ENABLED') return refuse(400, 'FAILED_PRECONDITION', 'the version is not enabled');
  const decipher = createDecipheriv('aes-256-gcm', version.secret, bytes.subarray(1, 13), { authTagLength: 16 });
  decipher.setAAD(checked(body.additionalAuthenticatedData, body.additionalAuthenticatedDataCrc32c));
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()]);
    return { plaintext: plaintext.toString('base64'), plaintextCrc32c: String(crc32c(plaintext)) };
  } catch {
    return refuse(
      400,
      'INVALID_ARGUMENT',
      'Decryption failed: verify that the additional authenticated data is right.',
    );
  }
}
