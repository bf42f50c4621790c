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
  /** Whether this very version came of our last write: an event that tells it is only an echo. */
  wrote(ref: ObjectRef, resourceVersion: string): boolean;
  /** Drops what is remembered of these objects, or of all in a namespace (and the namespace itself). */
  forget(what: ObjectRef | { readonly namespaceName: string }): void;
}

/** What the last apply of an object left behind. */
interface Memory {
  readonly desired: string;
  /** Version that the decision to write was based on; a cache that still shows it has not seen our write yet. */
  readonly before: string | undefined;
  /** Version that the write made. */
  readonly after: string;
  /** What the server made of this text, when that still differs from it: it rewrites or drops something, as it will again. */
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

  wrote(ref: ObjectRef, resourceVersion: string): boolean {
    return this.#memories.get(memoryKey(ref))?.after === resourceVersion;
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
    if (live === undefined) return { ref, desired, live, because: 'it does not exist' };
    const because = differs(desired, live, this.#options.fieldManager);
    if (memory === undefined) return { ref, desired, live, because };
    return { ref, desired, live, because: this.#reconsider(ref, desired, live, memory, because) };
  }

  /** Whether a difference is one that our last write already dealt with, as far as it can be. */
  #reconsider(
    ref: ObjectRef,
    desired: K8sObject,
    live: LiveObject,
    memory: Memory,
    because: string | undefined,
  ): string | undefined {
    const { resourceVersion } = live.metadata;
    if (because === undefined) {
      if (resourceVersion !== memory.before) this.#memories.delete(memoryKey(ref));
      return undefined;
    }
    if (memory.desired !== digest(desired)) return because;
    // Our own write has not come round to the cache yet.
    if (resourceVersion === memory.before) return undefined;
    // Exactly what our write made still differs from it: the server rewrote it. Writing it again would never end.
    const made = withoutStatus(live);
    if (resourceVersion === memory.after) this.#memories.set(memoryKey(ref), { ...memory, rewritten: made });
    return resourceVersion === memory.after || memory.rewritten === made ? undefined : because;
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
    const text = digest(desired);
    const repeated = this.#memories.get(memoryKey(ref))?.desired === text;
    // Looked at only when the same text is written a second time: then the first did not hold.
    const still = repeated ? differs(desired, after, this.#options.fieldManager) : undefined;
    this.#memories.set(memoryKey(ref), {
      desired: text,
      before: live?.metadata.resourceVersion,
      after: after.metadata.resourceVersion,
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
