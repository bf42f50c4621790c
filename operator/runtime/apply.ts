import { hash } from 'node:crypto';
import type { K8sObject } from '../../charts/manifests/object.js';
import { type KubeClient, KubeError, type LiveObject, type ObjectRef, type Resource } from '../clients/kube.js';
import { firstDifference } from './apply-diff.js';
import { planRows } from './apply-order.js';
import { nameOf } from './key.js';
import { firstUnwanted, ownedFields } from './owned-fields.js';

export interface Applied {
  readonly ref: ObjectRef;
  readonly result: 'applied' | 'unchanged';
  /** Why it was written; for logs, events and drift reports. */
  readonly because: string | undefined;
  readonly live: LiveObject;
}

export interface ApplierOptions {
  readonly client: Pick<KubeClient, 'get' | 'apply'>;
  readonly resourceFor: (object: { readonly apiVersion: string; readonly kind: string }) => Resource;
  /** The manager that the client applies as. */
  readonly fieldManager: string;
  /**
   * The last known state, from a reflector that trims with `keepOwnedFields`. May lag behind. `unknown`: no cache
   * covers this kind, ask the server.
   * @default ask the server for everything
   */
  readonly cached?: ((ref: ObjectRef) => LiveObject | undefined | 'unknown') | undefined;
}

export interface ApplyPlan {
  readonly ref: ObjectRef;
  readonly desired: K8sObject;
  readonly live: LiveObject | undefined;
  /** undefined: nothing to do. */
  readonly because: string | undefined;
}

export interface Applier {
  /** What `apply` would write and why, without writing. */
  plan(desired: readonly K8sObject[], signal?: AbortSignal): Promise<readonly ApplyPlan[]>;
  /**
   * Makes all objects so, row after row of `apply-order`. Writes only what differs. Throws on the first row that fails,
   * naming the object; later rows are then not begun.
   */
  apply(desired: readonly K8sObject[], signal?: AbortSignal): Promise<readonly Applied[]>;
  /** Drops what is remembered of these objects, or of all in a namespace (and the namespace itself). */
  forget(what: ObjectRef | { readonly namespaceName: string }): void;
}

/** What the last apply of an object left behind. */
interface Memory {
  readonly desired: string;
  /** Version that the decision to write was based on; a cache that still shows it has not seen our write yet. */
  readonly before: string | undefined;
  /** How the server's answer still differed from what we sent: it rewrote or dropped something, as it will again. */
  readonly rewritten: string | undefined;
}

const refOf = (resource: Resource, { metadata: { name, namespace } }: K8sObject): ObjectRef => ({
  resource,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

const memoryKey = ({ resource, name, namespace = '' }: ObjectRef): string =>
  `${namespace}/${resource.kind}.${resource.apiVersion}/${name}`;

const digest = (object: K8sObject): string => hash('sha1', JSON.stringify(object), 'base64');

/** Without status and server's bookkeeping: what can differ from what we sent. */
const withoutStatus = ({ status: _status, metadata, ...rest }: LiveObject): string => {
  const { resourceVersion: _version, managedFields: _managed, generation: _generation, ...ours } = metadata;
  return hash('sha1', JSON.stringify([rest, ours]), 'base64');
};

const differs = (desired: K8sObject, live: LiveObject, fieldManager: string): string | undefined => {
  const owned = ownedFields(live, fieldManager);
  if (owned === undefined) return 'not applied by us yet';
  return firstDifference(desired, live) ?? firstUnwanted(owned, desired);
};

class MemoizedApplier implements Applier {
  readonly #options: ApplierOptions;
  readonly #memories = new Map<string, Memory>();

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  async plan(desired: readonly K8sObject[], signal?: AbortSignal): Promise<readonly ApplyPlan[]> {
    return await Promise.all(desired.map((object) => this.#plan(object, signal)));
  }

  async apply(desired: readonly K8sObject[], signal?: AbortSignal): Promise<readonly Applied[]> {
    const applied: Applied[] = [];
    for (const row of planRows(desired)) {
      signal?.throwIfAborted();
      const results = await Promise.allSettled(row.map((object) => this.#applyOne(object, signal)));
      for (const result of results) {
        // The others of the row were awaited too: nothing goes on in the background after the throw.
        if (result.status === 'rejected') throw result.reason;
        applied.push(result.value);
      }
    }
    return applied;
  }

  forget(what: ObjectRef | { readonly namespaceName: string }): void {
    if ('resource' in what) {
      this.#memories.delete(memoryKey(what));
      return;
    }
    this.#memories.delete(`/Namespace.v1/${what.namespaceName}`);
    for (const key of this.#memories.keys()) {
      if (key.startsWith(`${what.namespaceName}/`)) this.#memories.delete(key);
    }
  }

  async #plan(desired: K8sObject, signal: AbortSignal | undefined): Promise<ApplyPlan> {
    const ref = refOf(this.#options.resourceFor(desired), desired);
    const memory = this.#memories.get(memoryKey(ref));
    const live = await this.#read(ref, memory, signal);
    const because = this.#because(desired, live, memory);
    const settled = live !== undefined && live.metadata.resourceVersion !== memory?.before;
    if (because === undefined && settled && memory?.rewritten === undefined) this.#memories.delete(memoryKey(ref));
    return { ref, desired, live, because };
  }

  #because(desired: K8sObject, live: LiveObject | undefined, memory: Memory | undefined): string | undefined {
    if (live === undefined) return 'it does not exist';
    const because = differs(desired, live, this.#options.fieldManager);
    if (because === undefined || memory === undefined || memory.desired !== digest(desired)) return because;
    // Our own write has not come round to the cache yet.
    if (live.metadata.resourceVersion === memory.before) return undefined;
    // The server rewrote this very text before; writing it again would change nothing, for ever.
    return memory.rewritten !== undefined && memory.rewritten === withoutStatus(live) ? undefined : because;
  }

  async #read(
    ref: ObjectRef,
    memory: Memory | undefined,
    signal: AbortSignal | undefined,
  ): Promise<LiveObject | undefined> {
    const { client, cached } = this.#options;
    const known = cached === undefined ? 'unknown' : cached(ref);
    // A cache that lacks what we wrote is behind, or somebody deleted it: only the server knows which.
    const ask = known === 'unknown' || (known === undefined && memory !== undefined);
    return ask ? await client.get(ref, signal) : known;
  }

  async #applyOne(desired: K8sObject, signal: AbortSignal | undefined): Promise<Applied> {
    const { ref, live, because } = await this.#plan(desired, signal);
    if (because === undefined && live !== undefined) return { ref, result: 'unchanged', because, live };
    const after = await this.#write(ref, desired, signal);
    const still = differs(desired, after, this.#options.fieldManager);
    this.#memories.set(memoryKey(ref), {
      desired: digest(desired),
      before: live?.metadata.resourceVersion,
      rewritten: still === undefined ? undefined : withoutStatus(after),
    });
    return { ref, result: 'applied', because, live: after };
  }

  async #write(ref: ObjectRef, desired: K8sObject, signal: AbortSignal | undefined): Promise<LiveObject> {
    try {
      return await this.#options.client.apply(ref.resource, desired, {}, signal);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const { status, reason, details, retryAfterSeconds } = error;
      throw new KubeError({
        status,
        reason,
        details,
        message: `applying ${nameOf(ref)}: ${error.message}`,
        cause: error,
        ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      });
    }
  }
}

export const createApplier = (options: ApplierOptions): Applier => new MemoizedApplier(options);
