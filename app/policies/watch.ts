import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../http/cause.js';
import { compileCheck } from '../http/validate.js';
import { type Policies, PoliciesSchema } from './schema.js';

export interface PolicyWatch {
  /** The last good content. */
  current(): Policies;
  stop(): void;
}

export interface PolicyWatchOptions {
  /** The mounted ConfigMap; without one the defaults hold for good. */
  readonly directory: string | undefined;
  readonly defaults: Policies;
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
  readonly onChange?: (policies: Policies) => void;
  /** @default 500 */
  readonly intervalMs?: number;
}

const FILE = 'policies.json';
const check = compileCheck(PoliciesSchema);

/**
 * Reads the file twice a second and compares its text. A ConfigMap volume is swapped by symbolic link, which defeats watching
 * by inode, and the file is a few hundred bytes. New content that is not valid is refused and said; the last good one stays.
 */
export const watchPolicies = async (options: PolicyWatchOptions): Promise<PolicyWatch> => {
  let policies = options.defaults;
  if (options.directory === undefined) return { current: () => policies, stop: () => undefined };
  const path = join(options.directory, FILE);
  let seen: string | undefined;
  let busy = false;
  const look = async (): Promise<void> => {
    // A slow disk would let an older text come after a newer one.
    if (busy) return;
    busy = true;
    const text = await readText(path).finally(() => {
      busy = false;
    });
    if (text === seen) return;
    seen = text;
    const result = parsePolicies(text, options.defaults);
    if (typeof result === 'string')
      return options.log.error({ path, reason: result }, 'policies refused, the last good ones stay');
    policies = result;
    options.log.info({ path, mode: policies.mode }, 'policies loaded');
    options.onChange?.(policies);
  };
  await look();
  const timer = setInterval(() => void look(), options.intervalMs ?? 500);
  timer.unref();
  return { current: () => policies, stop: () => clearInterval(timer) };
};

const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // A missing or unreadable file is a state like any other: parsePolicies says so.
    return undefined;
  }
};

/** The policies, or why the text is none. */
const parsePolicies = (text: string | undefined, defaults: Policies): Policies | string => {
  if (text === undefined) return `${FILE} cannot be read`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return `${FILE} is not JSON: ${messageOf(cause)}`;
  }
  const result = check(value);
  if (!result.ok) return result.errors.map(({ detail }) => detail).join('; ');
  return { ...defaults, ...result.value, policies: { ...defaults.policies, ...result.value.policies } };
};
