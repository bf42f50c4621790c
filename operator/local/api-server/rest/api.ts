import type { Readable } from 'node:stream';
import type { Admission } from '../admission.js';
import type { Authenticator, TokenSigner } from '../authentication.js';
import type { Authorizer } from '../rbac.js';
import type { Registry } from '../registry.js';
import type { Storage } from '../storage.js';
import type { ListSnapshots } from './snapshots.js';

/** Supplied by the node agent, which has the logs; undefined when it runs no such pod. */
export type PodLogs = (namespace: string, pod: string, query: URLSearchParams) => Readable | undefined;

/** What the handlers share. */
export interface Api {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator;
  readonly admission: Admission;
  readonly signer: TokenSigner;
  readonly snapshots: ListSnapshots;
  readonly now: () => Date;
  readonly podLogs: () => PodLogs | undefined;
}
