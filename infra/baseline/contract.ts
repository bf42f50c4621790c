import type { Site } from '../support/site.js';

/** What a whole account refuses, whatever a bucket says: one unit an environment, an account an environment. */
export interface BaselineConfig<S extends Site = Site> {
  readonly site: S;
  /** Azure: name of the lock on the resource group. */
  readonly name: string;
  /** Namespace and service account of the operator, who makes keys and may never use one. */
  readonly operator: { readonly namespace: string; readonly account: string };
}

export interface BaselineOutput {
  /** Addresses of the rules in force. */
  readonly rules: readonly string[];
}
