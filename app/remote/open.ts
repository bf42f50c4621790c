import type { Core } from '../core.js';
import { type Database, inTransaction } from '../db/pool.js';
import type { ComponentState } from '../health/component-state.js';
import { startLoop } from '../loop.js';
import { ProviderError } from '../providers/provider-error.js';
import { createExchange, type Exchange, type ExchangeOptions } from './exchange.js';
import { createLetta, type LettaOptions } from './letta.js';
import { createMem0 } from './mem0.js';
import type { MemoryProvider, RemoteProviderName } from './provider.js';

export interface OpenProvider {
  readonly provider: MemoryProvider;
  state(): ComponentState;
  stop(): Promise<void>;
}

type Settings = Pick<
  Core['config'],
  | 'MEMORY_PROVIDER'
  | 'MEMORY_PROVIDER_URL'
  | 'MEMORY_PROVIDER_API_KEY'
  | 'MEMORY_PROVIDER_TIMEOUT_MS'
  | 'MEM0_ORG_ID'
  | 'MEM0_PROJECT_ID'
  | 'LETTA_EMBEDDING'
>;

const PLACES: Readonly<Record<RemoteProviderName, { readonly title: string; readonly url: string }>> = {
  mem0: { title: 'Mem0', url: 'https://api.mem0.ai' },
  letta: { title: 'Letta', url: 'https://api.letta.com' },
};

/** How often a provider that nobody has asked anything is asked whether it is there. */
const PING_MS = 30_000;

const nameOf = ({ MEMORY_PROVIDER }: Settings): RemoteProviderName | undefined =>
  MEMORY_PROVIDER === 'mem0' || MEMORY_PROVIDER === 'letta' ? MEMORY_PROVIDER : undefined;

/** Whether memories lie elsewhere: then nothing is embedded or searched here. */
export const isRemote = (config: Settings): boolean => nameOf(config) !== undefined;

/** The provider that the configuration names; `undefined` when memories are kept here. */
export const openProvider = ({
  config,
  outbound,
  metrics,
  log,
  db,
}: Pick<Core, 'config' | 'outbound' | 'metrics' | 'log' | 'db'>) => {
  const name = nameOf(config);
  if (name === undefined) return undefined;
  const { title, url } = PLACES[name];
  const baseUrl = config.MEMORY_PROVIDER_URL ?? url;
  const exchange = createExchange({
    provider: title,
    baseUrl,
    headers: buildHeaders(name, config),
    keyName: 'MEMORY_PROVIDER_API_KEY',
    timeoutMs: config.MEMORY_PROVIDER_TIMEOUT_MS,
    // One without TLS stands beside the service, and is the platform's to allow.
    fetch: baseUrl.startsWith('https:') ? outbound.fetch : fetch,
    metrics: { provided: (_title, ...told) => metrics.provided(name, ...told) },
  } satisfies ExchangeOptions);
  const provider = build(name, config, exchange, db);
  const watch = startLoop({
    turn: async () => {
      await provider.ping();
      return PING_MS;
    },
    onTrouble: (err) =>
      log.warn({ err }, err instanceof ProviderError ? 'the memory provider does not answer' : 'ping failed'),
    troubleMs: PING_MS,
  });
  return { provider, state: exchange.state, stop: () => watch.stop() } satisfies OpenProvider;
};

const buildHeaders = (name: RemoteProviderName, { MEMORY_PROVIDER_API_KEY: key }: Settings) => {
  if (key === undefined) return {} as Readonly<Record<string, string>>;
  return { Authorization: `${name === 'mem0' ? 'Token' : 'Bearer'} ${key}` };
};

const build = (name: RemoteProviderName, config: Settings, exchange: Exchange, db: Database): MemoryProvider =>
  name === 'mem0'
    ? createMem0({
        exchange,
        organization: config.MEM0_ORG_ID,
        project: config.MEM0_PROJECT_ID,
        patienceMs: config.MEMORY_PROVIDER_TIMEOUT_MS,
      })
    : createLetta({ exchange, embedding: config.LETTA_EMBEDDING, exclusively: lockIn(db) });

/** In our database, where all replicas meet; a pooler does not mind. Only when somebody is written for the first time. */
const lockIn =
  (db: Database): LettaOptions['exclusively'] =>
  (name, work) =>
    inTransaction(db, async (transaction) => {
      await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
      return work();
    });
