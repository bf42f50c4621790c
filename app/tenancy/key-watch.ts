import { messageOf } from '../http/cause.js';
import type { TenantKeys } from '../keys/index.js';

export interface KeyWatch {
  /** Why the keyring could not be read lately, or the KMS not be asked, if so. What is cached goes on meanwhile. */
  trouble(): string | undefined;
  stop(): void;
}

export interface KeyWatchOptions {
  readonly keys: Pick<TenantKeys, 'refresh' | 'confirm' | 'followRotation'>;
  readonly log: { error(fields: object, message: string): void; info(fields: object, message: string): void };
  /** How soon an erasure elsewhere is followed here, and a lost keyring is noticed. @default 10000 */
  readonly intervalMs?: number;
  /** How soon a KMS that is away, or a key that was taken from us, is noticed; 0: never. Each look is a request to it. */
  readonly kmsIntervalMs: number;
  /** How soon a new tenant key is taken up: each look is a read of the bucket. @default 600000 */
  readonly rotationMs?: number;
}

export const watchKeys = (options: KeyWatchOptions): KeyWatch => {
  const { keys, log, intervalMs = 10_000, kmsIntervalMs } = options;
  const rotation = followRotations(options);
  const looks = [
    watch('the keyring', () => keys.refresh(), intervalMs, log),
    ...(kmsIntervalMs === 0 ? [] : [watch('the KMS', () => keys.confirm(), kmsIntervalMs, log)]),
  ];
  return {
    trouble: () => looks.map((look) => look.trouble()).find((trouble) => trouble !== undefined),
    stop: () => {
      clearInterval(rotation);
      for (const look of looks) look.stop();
    },
  };
};

/** Behind all else: until it is done the older key opens what it sealed. */
const followRotations = ({ keys, log, rotationMs = 600_000 }: KeyWatchOptions): NodeJS.Timeout => {
  const follow = (): void => {
    keys.followRotation().catch((err: unknown) => log.error({ err }, 'the tenant key is not rotated yet; it goes on'));
  };
  follow();
  return setInterval(follow, rotationMs).unref();
};

const watch = (what: string, ask: () => Promise<void>, intervalMs: number, log: KeyWatchOptions['log']): KeyWatch => {
  let trouble: string | undefined;
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await ask();
      if (trouble !== undefined) log.info({}, `${what} answers again`);
      trouble = undefined;
    } catch (err) {
      if (trouble === undefined) log.error({ err }, `${what} does not answer; cached keys go on`);
      trouble = messageOf(err);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), intervalMs);
  timer.unref();
  return { trouble: () => trouble, stop: () => clearInterval(timer) };
};
