import { type Rule, text } from './field.js';
import { SUBDOMAIN } from './reference.js';

interface AddressOptions {
  readonly default?: string;
  readonly acts?: boolean;
}

export const hostname = (description: string, options: AddressOptions = {}) =>
  text(description, {
    ...options,
    maxLength: 253,
    pattern: SUBDOMAIN,
    expects: 'a host name in lower case without scheme, port or path, such as acme.memory.example.com',
  });

export const host = (description: string) =>
  text(description, {
    maxLength: 253,
    pattern: '^[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?$',
    expects: 'a host name or an IP address, without scheme or port',
  });

/** The scheme is part of the promise: `schemes` is a regular expression's alternatives. */
export const url = (description: string, schemes: string, options: AddressOptions = {}) =>
  text(description, {
    ...options,
    maxLength: 1024,
    pattern: `^(${schemes})://[^\\s]+$`,
    expects: `a URL that begins with ${schemes.replaceAll('|', '://, ')}://`,
  });

const ORIGIN: Rule = {
  rule: "self.matches('^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$')",
  message: 'corsOrigins holds a value that is not one origin ("*" and paths are refused)',
  remedy: 'list each origin as https://host or https://host:port',
};

export const origin = (description: string) => text(description, { maxLength: 255, rules: [ORIGIN] });

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const IPV4 = `(${OCTET}[.]){3}${OCTET}/(3[0-2]|[12]?[0-9])`;
const IPV6 = '[0-9A-Fa-f]*:[0-9A-Fa-f:]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9])';

export const cidr = (description: string) =>
  text(description, {
    maxLength: 43,
    pattern: `^(${IPV4}|${IPV6})$`,
    expects: 'an address range such as 203.0.113.0/24',
  });
