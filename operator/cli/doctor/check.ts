import type { KubeHttpClient } from '../../clients/kube-http.js';

export type Health = 'ok' | 'warning' | 'failure';

export interface Finding {
  readonly check: string;
  readonly health: Health;
  readonly detail: string;
  /** What to do; none when it is ok. */
  readonly remedy?: string;
}

export type Check = (kube: KubeHttpClient) => Promise<readonly Finding[]>;

export const ok = (check: string, detail: string): Finding => ({ check, health: 'ok', detail });
export const warning = (check: string, detail: string, remedy: string): Finding => ({
  check,
  health: 'warning',
  detail,
  remedy,
});
export const failure = (check: string, detail: string, remedy: string): Finding => ({
  check,
  health: 'failure',
  detail,
  remedy,
});
