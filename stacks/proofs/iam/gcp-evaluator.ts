import type { World } from '../rule.js';
import { at, type Json, listOf, type Resource, referred, resourcesOf, type StackJson } from '../terraform-json.js';
import { permits } from './gcp-roles.js';
import { UnknownTermError } from './truth.js';

export interface GcpCaller {
  /** `principal://…`, `serviceAccount:…`, `user:…` */
  readonly member: string;
  /** Of a person. */
  readonly groups?: readonly string[];
  /** The worst case: everything is granted, by itself or by an owner. Only denials are left then. */
  readonly everything?: true;
  /** What the operator grants a tenant's pod when it is made: role and the name below which it holds. */
  readonly granted?: readonly (readonly [role: string, below: string])[];
}

export interface GcpCall {
  readonly caller: GcpCaller;
  /** `storage.objects.delete` */
  readonly permission: string;
  /** Full name, an object's included. */
  readonly resource: string;
  /** Of a change: whether it would shorten what a lock promises. */
  readonly shortens?: true;
}

interface Binding {
  readonly scope: string;
  readonly member: string;
  readonly role: string;
  readonly condition: string | undefined;
}

interface Denial {
  readonly permissions: readonly string[];
  readonly principals: readonly string[];
  readonly exceptions: readonly string[];
  readonly name: string;
}

export interface GcpProject {
  readonly bindings: readonly Binding[];
  readonly denials: readonly Denial[];
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Buckets whose objects nobody deletes before their date. */
  readonly locked: ReadonlySet<string>;
}

export function projectFrom(world: World): GcpProject {
  const each = <T>(read: (stack: StackJson) => readonly T[]): readonly T[] =>
    world.stacks.flatMap(({ json }) => read(json));
  const roles = new Map(
    each((stack) =>
      resourcesOf(stack, 'google_project_iam_custom_role').map(
        ({ attributes }) =>
          [
            `projects/${plain(stack, at(attributes, 'project'))}/roles/${plain(stack, at(attributes, 'role_id'))}`,
            listOf(at(attributes, 'permissions')).map(String),
          ] as const,
      ),
    ),
  );
  return {
    roles,
    bindings: each((stack) =>
      Object.keys(stack.resource)
        .filter((type) => /_iam_member$/.test(type))
        .flatMap((type) => resourcesOf(stack, type))
        .map((one) => bindingOf(stack, one)),
    ),
    denials: each((stack) => resourcesOf(stack, 'google_iam_deny_policy').flatMap(denialsOf)),
    locked: new Set(
      each((stack) => resourcesOf(stack, 'google_storage_bucket'))
        .filter(({ attributes }) => at(attributes, 'retention_policy', 'is_locked') === true)
        .map(({ attributes }) => bucketPath(String(at(attributes, 'name')))),
    ),
  };
}

export const bucketPath = (name: string): string => `projects/_/buckets/${name}`;

const SCOPES = [
  'crypto_key_id',
  'key_ring_id',
  'bucket',
  'secret_id',
  'topic',
  'subscription',
  'repository',
  'managed_zone',
  'project',
];

function bindingOf(stack: StackJson, one: Resource): Binding {
  const attribute = SCOPES.find((name) => at(one.attributes, name) !== undefined) ?? 'project';
  const condition = at(one.attributes, 'condition', 'expression');
  return {
    scope: scopeOf(stack, attribute, at(one.attributes, attribute)),
    member: String(at(one.attributes, 'member')),
    role: roleOf(stack, at(one.attributes, 'role')),
    condition: condition === undefined ? undefined : String(condition),
  };
}

/** `${type.id.attribute}` → that attribute, so that an order of making does not hide a name. */
function plain(stack: StackJson, value: Json | undefined): string {
  const attribute = /\.([a-z_]+)\}$/.exec(String(value))?.[1];
  const found = referred(stack, value);
  return found === undefined || attribute === undefined ? String(value) : plain(stack, at(found.attributes, attribute));
}

function roleOf(stack: StackJson, role: Json | undefined): string {
  const custom = referred(stack, role);
  if (custom === undefined) return String(role);
  return `projects/${plain(stack, at(custom.attributes, 'project'))}/roles/${plain(stack, at(custom.attributes, 'role_id'))}`;
}

/** References become the names that the resources will have. */
function scopeOf(stack: StackJson, attribute: string, value: Json | undefined): string {
  const found = referred(stack, value);
  const text = found === undefined ? String(value) : nameOf(stack, found);
  if (attribute === 'bucket') return bucketPath(text.replace(/^projects\/_\/buckets\//, ''));
  return attribute === 'project' ? `projects/${text}` : text;
}

function nameOf(stack: StackJson, { type, attributes }: Resource): string {
  const name = String(at(attributes, 'name') ?? at(attributes, 'secret_id') ?? at(attributes, 'repository_id'));
  if (type === 'google_kms_crypto_key') {
    const ring = referred(stack, at(attributes, 'key_ring'));
    return ring === undefined ? name : `${nameOf(stack, ring)}/cryptoKeys/${name}`;
  }
  if (type === 'google_kms_key_ring') {
    return `projects/${plain(stack, at(attributes, 'project'))}/locations/${String(at(attributes, 'location'))}/keyRings/${name}`;
  }
  return name;
}

function denialsOf({ attributes }: Resource): readonly Denial[] {
  return listOf(at(attributes, 'rules')).map((rule) => {
    const strings = (name: string): readonly string[] => listOf(at(rule, 'deny_rule', name)).map(String);
    return {
      permissions: strings('denied_permissions'),
      principals: strings('denied_principals'),
      exceptions: strings('exception_principals'),
      name: String(at(rule, 'description') ?? 'a denial'),
    };
  });
}

/** Every binding's role, for whoever asks whether the evaluator knows it. */
export const rolesIn = (stack: StackJson): readonly (readonly [one: Resource, role: string])[] =>
  Object.keys(stack.resource)
    .filter((type) => /_iam_member$/.test(type))
    .flatMap((type) => resourcesOf(stack, type))
    .map((one) => [one, roleOf(stack, at(one.attributes, 'role'))] as const);

/** A denial beats every grant; then one grant at the resource or above it is enough; then what the bucket itself says. */
export function decideGcp(project: GcpProject, call: GcpCall): { readonly allowed: boolean; readonly by: string } {
  const denied = project.denials.find((one) => denies(one, call));
  if (denied !== undefined) return { allowed: false, by: `deny policy: ${denied.name}` };
  const granted =
    call.caller.everything === true ||
    project.bindings.some((one) => grants(project, one, call)) ||
    grantedLater(project, call);
  if (!granted) return { allowed: false, by: 'no grant' };
  if (isLocked(project, call)) return { allowed: false, by: 'retention lock' };
  return { allowed: true, by: call.caller.everything === true ? 'a grant of everything' : 'a grant' };
}

/** `cloudkms.googleapis.com/cryptoKeyVersions.destroy` is how a deny policy says `cloudkms.cryptoKeyVersions.destroy`. */
function denies({ permissions, principals, exceptions }: Denial, { caller, permission }: GcpCall): boolean {
  const said = permissions.map((one) => one.replace('.googleapis.com/', '.'));
  return said.includes(permission) && includes(principals, caller) && !includes(exceptions, caller);
}

const includes = (principals: readonly string[], { member, groups = [] }: GcpCaller): boolean =>
  principals.some(
    (one) =>
      one === 'principalSet://goog/public:all' ||
      one === member ||
      groups.some((group) => one === `principalSet://goog/group/${group}`),
  );

function grants({ roles }: GcpProject, { scope, member, role, condition }: Binding, call: GcpCall): boolean {
  const { caller, permission, resource } = call;
  const groups = caller.groups ?? [];
  const meant = member === caller.member || member === 'allUsers' || groups.some((one) => member === `group:${one}`);
  const project = scope.split('/').length === 2;
  const within = project || resource === scope || resource.startsWith(`${scope}/`);
  return (
    meant && within && permits(role, permission, roles) && (condition === undefined || celHolds(condition, resource))
  );
}

function grantedLater({ roles }: GcpProject, { caller, permission, resource }: GcpCall): boolean {
  return (caller.granted ?? []).some(
    ([role, below]) => (resource === below || resource.startsWith(`${below}/`)) && permits(role, permission, roles),
  );
}

/** The two forms that our conditions have. Another one fails the proof rather than be guessed. */
export function celHolds(expression: string, resource: string): boolean {
  const [, begins] = /^resource\.name\.startsWith\("([^"]*)"\)$/.exec(expression) ?? [];
  if (begins !== undefined) return resource.startsWith(begins);
  const [, equals] = /^resource\.name == "([^"]*)"$/.exec(expression) ?? [];
  if (equals !== undefined) return resource === equals;
  throw new UnknownTermError(`the condition ${expression}`);
}

function isLocked({ locked }: GcpProject, { permission, resource, shortens }: GcpCall): boolean {
  const bucket = /^projects\/_\/buckets\/[^/]+/.exec(resource)?.[0] ?? '';
  const undoes = permission === 'storage.objects.delete' || permission === 'storage.objects.update';
  return locked.has(bucket) && (undoes || shortens === true);
}
