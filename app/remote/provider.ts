import type { JsonObject } from '../http/json.js';

export const REMOTE_PROVIDERS = ['mem0', 'letta'] as const;
export type RemoteProviderName = (typeof REMOTE_PROVIDERS)[number];

/** What a provider that keeps the memories elsewhere can do. What is false here is answered 501, naming the provider. */
export interface Capabilities {
  /** Changing a memory in place, under its id. */
  readonly update: boolean;
  /** Reading one memory without saying whose it is. */
  readonly get_of_anybody: boolean;
  readonly search_modes: readonly ('hybrid' | 'semantic')[];
  /** Whether scores say how near something is, so that a threshold means something; else only their order does. */
  readonly scores: boolean;
  readonly rerank: boolean;
  readonly count: boolean;
}

/** A memory as it lies at the provider. */
export interface RemoteRecord {
  readonly id: string;
  readonly content: string;
  /** The reference of the person it belongs to: never the id that the application uses. */
  readonly owner: string;
  readonly metadata: JsonObject;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** From 0 to 1, of what was searched for. @default null: the provider says only which is nearer */
  readonly score: number | null;
}

export interface RemoteDraft {
  readonly content: string;
  readonly metadata: JsonObject;
  readonly expiresAt: Date | null;
}

export interface RemotePage {
  /** Newest first. */
  readonly records: readonly RemoteRecord[];
  /** Where the next page begins, in the provider's own words. */
  readonly next: string | null;
  readonly count: number | null;
}

/** Who asks is settled before: `owner` is the reference of the one person that a call is about. Throws `ProviderError`. */
export interface MemoryProvider {
  readonly name: RemoteProviderName;
  readonly capabilities: Capabilities;
  add(owner: string, draft: RemoteDraft): Promise<RemoteRecord>;
  /** `null`: whosoever it is. */
  get(owner: string | null, id: string): Promise<RemoteRecord | undefined>;
  list(owner: string, page: { readonly after: string | null; readonly limit: number }): Promise<RemotePage>;
  search(
    owner: string,
    wanted: { readonly query: string; readonly limit: number; readonly threshold: number; readonly rerank: boolean },
  ): Promise<readonly RemoteRecord[]>;
  update(owner: string, id: string, draft: RemoteDraft): Promise<RemoteRecord | undefined>;
  /** Whether it was there. */
  delete(owner: string, id: string): Promise<boolean>;
  /** All of one person's. Resolves when nothing of it is found any more, to how many there were. */
  deleteUser(owner: string): Promise<number>;
  /** Whether it is there and takes the key. */
  ping(): Promise<void>;
}
