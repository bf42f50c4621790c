import { messageOf } from '../http/cause.js';
import type { TenantKeys } from '../keys/index.js';

export interface KeyWatch {
  /** Why the keyring could not be read lately, if so. What is cached goes on meanwhile. */
  trouble(): string | undefined;
  stop(): void;
}

export interface KeyWatchOptions {
  readonly keys: Pick<TenantKeys, 'refresh'>;
  readonly log: { error(fields: object, message: string): void; info(fields: object, message: string): void };
  /** How soon an erasure elsewhere is followed here, and a lost keyring is noticed. @default 10000 */
  readonly intervalMs?: number;
}

export const watchKeys = ({ keys, log, intervalMs = 10_000 }: KeyWatchOptions): KeyWatch => {
  let trouble: string | undefined;
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await keys.refresh();
      if (trouble !== undefined) log.info({}, 'the keyring can be read again');
      trouble = undefined;
    } catch (err) {
      if (trouble === undefined) log.error({ err }, 'the keyring cannot be read; cached keys go on');
      trouble = messageOf(err);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), intervalMs);
  timer.unref();
  return { trouble: () => trouble, stop: () => clearInterval(timer) };
};
