import { group, optional, text } from './field.js';

/** RFC 1123 label. */
export const LABEL = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';
/** RFC 1123 subdomain. */
export const SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
/** A tenant's name leaves room for the prefix of its namespace and for the suffixes of what is named after it. */
export const TENANT_NAME = '^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$';

interface NameOptions {
  readonly default?: string;
  readonly acts?: boolean;
}

/** A name in a map of ours, or of an object in Kubernetes that is a DNS label (namespace, Service). */
export const label = (description: string, options: NameOptions = {}) =>
  text(description, {
    ...options,
    maxLength: 63,
    pattern: LABEL,
    expects: 'at most 63 lower-case letters, digits and hyphens',
  });

export const objectName = (description: string, options: NameOptions = {}) =>
  text(description, {
    ...options,
    maxLength: 253,
    pattern: SUBDOMAIN,
    expects: 'the name of an object: lower-case letters, digits, hyphens and dots',
  });

export const tenantName = (description: string) =>
  text(description, {
    maxLength: 50,
    pattern: TENANT_NAME,
    expects: 'the name of a MemoryTenant: at most 50 lower-case letters, digits and hyphens',
  });

/** Roles are rows in the tenant's database, so a tenant may have its own beside the four. */
export const role = (description: string) =>
  text(description, {
    maxLength: 63,
    pattern: '^[a-z][a-z0-9_-]{0,62}$',
    expects: 'a role such as admin, user, readonly or service',
  });

const dataKey = (description: string) =>
  text(description, {
    maxLength: 253,
    pattern: '^[-._a-zA-Z0-9]+$',
    expects: 'a key of the object: letters, digits, dots, hyphens and underscores',
  });

export const nameRef = (description: string, options: { readonly acts?: boolean } = {}) =>
  group(description, { name: objectName('Name of the object.') }, options);

/** One value of a Secret. Secrets are referred to, never written into a resource. */
export const secretKeyRef = (description: string, options: { readonly acts?: boolean } = {}) =>
  group(description, { name: objectName('Name of the Secret.'), key: dataKey('Key in the Secret.') }, options);

export const configMapKeyRef = (description: string) =>
  group(description, { name: objectName('Name of the ConfigMap.'), key: dataKey('Key in the ConfigMap.') });

export const uuid = (description: string) =>
  text(description, {
    maxLength: 36,
    pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    expects: 'a UUID in lower case, as status.tenantID shows it',
  });

export const version = (description: string) =>
  text(description, {
    maxLength: 64,
    pattern: '^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$',
    expects: 'a version of three numbers, such as 1.4.0',
  });

export const bindingStatus = (description: string) =>
  optional(group(description, { name: objectName('Name of the Secret.') }));
