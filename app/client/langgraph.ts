import { MemplaneError } from './error.js';
import { type ClientOptions, type Operation, Transport } from './transport.js';

/** As LangGraph's `BaseStore` has them, so that this needs no package of its. */
type Value = Record<string, unknown>;
export interface StoreItem {
  value: Value;
  key: string;
  namespace: string[];
  createdAt: Date;
  updatedAt: Date;
}
export interface FoundItem extends StoreItem {
  score?: number;
}
export interface SearchOptions {
  filter?: Value;
  limit?: number;
  offset?: number;
  query?: string;
}
export interface ListNamespacesOptions {
  prefix?: string[];
  suffix?: string[];
  maxDepth?: number;
  limit?: number;
  offset?: number;
}

interface GetOperation {
  namespace: string[];
  key: string;
}
interface PutOperation extends GetOperation {
  value: Value | null;
  index?: false | string[];
}
interface SearchOperation extends SearchOptions {
  namespacePrefix: string[];
}
interface ListOperation {
  matchConditions?: { matchType: 'prefix' | 'suffix'; path: string[] }[];
  maxDepth?: number;
  limit: number;
  offset: number;
}
type StoreOperation = GetOperation | PutOperation | SearchOperation | ListOperation;

interface WireItem {
  readonly namespace: string[];
  readonly key: string;
  readonly value: Value;
  readonly created_at: string;
  readonly updated_at: string;
  readonly score?: number;
}

const BODY = {
  query: [],
  headers: {},
  bodyType: 'application/json',
  idempotencyKey: false,
  repeatable: true,
  raw: false,
} as const;
const ITEMS = '/store/items';
const PUT: Operation = { ...BODY, method: 'PUT', path: ITEMS };
const DELETE: Operation = { ...BODY, method: 'DELETE', path: ITEMS };
const SEARCH: Operation = { ...BODY, method: 'POST', path: `${ITEMS}/search` };
const NAMESPACES: Operation = { ...BODY, method: 'POST', path: '/store/namespaces' };
const GET: Operation = { ...BODY, bodyType: null, method: 'GET', path: ITEMS, query: ['namespace', 'key'] };

/** Long-term memory of LangGraph's agents: pass it as the `store` of a graph. What it holds is sealed, audited and searched by Memplane. */
export class MemplaneStore {
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
  }

  async get(namespace: string[], key: string): Promise<StoreItem | null> {
    const item = (await this.#transport.call(GET, { namespace: namespace.join('.'), key })) as WireItem | null;
    return item && toItem(item);
  }

  async search(namespacePrefix: string[], options: SearchOptions = {}): Promise<FoundItem[]> {
    const body = { namespace_prefix: namespacePrefix, ...options };
    const { items } = (await this.#transport.call(SEARCH, { body })) as { readonly items: readonly WireItem[] };
    return items.map((item) => ({ ...toItem(item), ...(item.score === undefined ? {} : { score: item.score }) }));
  }

  /** As everywhere in LangGraph, `null` deletes. */
  async put(namespace: string[], key: string, value: Value | null, index?: false | string[]): Promise<void> {
    demandNamespace(namespace);
    await this.#write({ namespace, key, value, ...(index === undefined ? {} : { index }) });
  }

  async delete(namespace: string[], key: string): Promise<void> {
    await this.#transport.call(DELETE, { body: { namespace, key } });
  }

  async listNamespaces({ maxDepth, ...options }: ListNamespacesOptions = {}): Promise<string[][]> {
    const body = { max_depth: maxDepth, ...options };
    const { namespaces } = (await this.#transport.call(NAMESPACES, { body })) as { readonly namespaces: string[][] };
    return namespaces;
  }

  /** In order: a read sees what an earlier operation of the batch has written. */
  async batch(operations: readonly StoreOperation[]): Promise<never> {
    const results: unknown[] = [];
    for (const operation of operations) results.push(await this.#run(operation));
    // Each result's type follows from its operation's, which LangGraph's own signature spells out.
    return results as never;
  }

  /** Called by LangGraph; there is nothing to start or to stop. */
  start(): void {}
  stop(): void {}

  #run(operation: StoreOperation): Promise<unknown> {
    if ('namespacePrefix' in operation) {
      const { namespacePrefix, ...options } = operation;
      return this.search(namespacePrefix, options);
    }
    if ('value' in operation) {
      return this.#write(operation);
    }
    if ('key' in operation) return this.get(operation.namespace, operation.key);
    return this.#list(operation);
  }

  async #write({ namespace, key, value, index }: PutOperation): Promise<void> {
    if (value === null) return this.delete(namespace, key);
    await this.#transport.call(PUT, { body: { namespace, key, value, index } });
  }

  #list({ matchConditions = [], maxDepth, limit, offset }: ListOperation): Promise<string[][]> {
    const pathOf = (type: 'prefix' | 'suffix') => matchConditions.find(({ matchType }) => matchType === type)?.path;
    const [prefix, suffix] = [pathOf('prefix'), pathOf('suffix')];
    return this.listNamespaces({
      ...{ limit, offset },
      ...(prefix ? { prefix } : {}),
      ...(suffix ? { suffix } : {}),
      ...(maxDepth === undefined ? {} : { maxDepth }),
    });
  }
}

/** What every store of LangGraph refuses to write to. */
const demandNamespace = (namespace: readonly string[]): void => {
  const what =
    namespace.length === 0
      ? 'is empty'
      : namespace[0] === 'langgraph'
        ? 'begins with "langgraph", which is reserved'
        : '';
  if (what === '') return;
  const detail = `The namespace ${what}.`;
  const errors = [{ pointer: '/namespace', code: 'invalid_request', detail }];
  const remedy = 'Write to a namespace of at least one label of your own.';
  throw new MemplaneError({ status: 0, code: 'invalid_request', detail, remedy, errors });
};

const toItem = ({ namespace, key, value, created_at, updated_at }: WireItem): StoreItem => ({
  ...{ namespace, key, value },
  createdAt: new Date(created_at),
  updatedAt: new Date(updated_at),
});
