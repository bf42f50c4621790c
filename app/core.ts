import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Access } from './access/create.js';
import type { Guard } from './access/guard.js';
import type { AccessKeys } from './access/keys.js';
import type { AuditLog } from './audit/create.js';
import type { PlaneKey } from './audit/plane-key.js';
import type { Cache } from './cache/cache.js';
import type { MemoryConfig } from './config.js';
import type { Database } from './db/pool.js';
import type { Embedder } from './embeddings/embedder.js';
import type { Succession } from './embeddings/succession.js';
import type { ComponentState } from './health/component-state.js';
import type { Metrics } from './health/metrics.js';
import type { Dialect } from './http/dialect.js';
import type { Outbound } from './http/outbound.js';
import type { Route } from './http/route.js';
import type { Jobs } from './jobs/jobs.js';
import type { Policies } from './policies/schema.js';
import type { SearchDeps } from './search/search-deps.js';
import type { People } from './tenancy/people.js';
import type { Vault } from './tenancy/vault.js';
import type { VectorStore } from './vectors/vector-store.js';

/** What every feature of the service stands on: made once at start, in the order of its needs. */
export interface Core {
  readonly config: MemoryConfig;
  readonly log: Logger;
  readonly tenant: { readonly id: string; readonly name: string };
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  /** The tenant's policies as they are now. */
  readonly policies: () => Policies;
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
  /** The model that will take over from the embedder, if one is named. */
  readonly succession: Succession | undefined;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  /** The plane's key in its KMS, if one signs for this tenant. */
  readonly plane: PlaneKey | undefined;
  /** Keys, roles, usage, security events. */
  readonly access: Access;
  readonly accessKeys: AccessKeys;
  readonly guard: Guard;
  /** What may be forgotten at any time. */
  readonly cache: Cache;
  /** The one way to addresses that a tenant names. */
  readonly outbound: Outbound;
  readonly newId: () => string;
  /** Aborted when the service is told to stop: whoever waits for news answers with what there is. */
  readonly ending: AbortSignal;
  /** What takes longer than a request may. */
  readonly jobs: Jobs;
  /** What stores and finds memories; features of other protocols call the same services. */
  readonly memories: SearchDeps;
}

/** One part of the service that can be taken out without the others noticing. */
export interface Feature {
  readonly routes?: readonly Route[];
  /** Protocols that are no table of routes. Behind the guard, before the table. */
  readonly mount?: (app: Express) => void;
  /** The path that `mount` serves memories at. @default none */
  readonly protocolAt?: string;
  /** In which its errors are told, when its clients read no problem documents. */
  readonly dialect?: Dialect;
  /** Shown at /health/detailed, and counted for readiness when it is down. */
  readonly health?: Readonly<Record<string, () => ComponentState | Promise<ComponentState>>>;
  /** Ends its workers; the batch in hand is finished. */
  stop?(): Promise<void>;
}
