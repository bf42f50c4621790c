import type { Core, Feature } from '../core.js';
import { findStandingHolds } from '../erasure/request.js';
import type { ApiRequest, ApiResponse, Route } from '../http/route.js';
import type { KeepElsewhere } from '../ingest/ingest.js';
import { requireUserId } from '../tenancy/identity.js';
import { tellSwept } from './change.js';
import { keepRemotely } from './create.js';
import { type OpenProvider, openProvider } from './open.js';
import { notSupportedThere, toProblem } from './refusals.js';
import type { RemoteDeps } from './remote-deps.js';
import { capabilitiesRoute, remoteHandlers, type Serve } from './routes.js';

/**
 * What has nothing to do with where memories lie, and so stays: who may, who did, who is told. What is not listed here and
 * has no handler of its own is refused, so that a route that is added later is not served from tables that are empty.
 */
const STAYS = [
  'whoami',
  'keys',
  'roles',
  'usage',
  'audit',
  'events',
  'webhooks',
  'jobs',
  'artifacts',
  'holds',
  'erasures',
];

const stays = ({ path }: Route): boolean => STAYS.some((name) => new RegExp(`^/api/v1/${name}(?:/|$)`).test(path));

/** These find their way by themselves: what they are made of knows who keeps the memories. */
const FINDS_ITS_WAY = 'ingestConversation';

/** The features as they are, or, when a provider keeps the memories elsewhere, with it in the place of our own tables. */
export const keepWhereConfigured = (
  core: Core,
  build: (keep: KeepElsewhere | undefined) => readonly Feature[],
): readonly Feature[] => {
  const open = openProvider(core);
  const deps: RemoteDeps | undefined = open && { ...core, provider: open.provider, state: open.state };
  const features = build(deps && keepRemotely(deps, core.memories));
  return open && deps ? serveElsewhere(core, open, deps, features) : [...features, describeOurs(features)];
};

const describeOurs = (features: readonly Feature[]): Feature => ({
  routes: [capabilitiesRoute({ deps: undefined, operations: operationsOf(features), refused: [] })],
});

const operationsOf = (features: readonly Feature[]): readonly string[] =>
  features.flatMap(({ routes = [] }) => routes.map(({ operation }) => operation));

const serveElsewhere = (
  core: Core,
  open: OpenProvider,
  deps: RemoteDeps,
  features: readonly Feature[],
): readonly Feature[] => {
  const serve: Readonly<Record<string, Serve>> = {
    ...remoteHandlers(deps, core.memories),
    ...erasing(core, deps, features),
    [FINDS_ITS_WAY]: routeOf(features, FINDS_ITS_WAY).handle,
  };
  const isServed = (route: Route): boolean => route.operation in serve || stays(route);
  const served = features.flatMap(({ routes = [] }) => routes.filter(isServed)).map(({ operation }) => operation);
  const refused = operationsOf(features).filter((operation) => !served.includes(operation));
  return [
    ...features.map((feature) => elsewhere(open, feature, serve, isServed)),
    {
      routes: [capabilitiesRoute({ deps, operations: served, refused })],
      health: { memory_provider: open.state },
      stop: open.stop,
    },
  ];
};

/** The routes stay in the table: what they are asked is checked as ever, and /openapi.json says that some answer 501. */
const elsewhere = (
  { provider }: OpenProvider,
  feature: Feature,
  serve: Readonly<Record<string, Serve>>,
  isServed: (route: Route) => boolean,
): Feature => ({
  ...feature,
  routes: (feature.routes ?? []).map((route) => {
    const handler = serve[route.operation];
    const handle = handler ?? (isServed(route) ? route.handle : refuseAll(provider.name));
    return isServed(route) && handler === undefined ? route : { ...route, optional: true, handle: explained(handle) };
  }),
  ...(feature.protocolAt === undefined
    ? {}
    : { mount: (app) => app.use(feature.protocolAt as string, () => refuseAll(provider.name)()) }),
});

const refuseAll = (provider: string) => (): never => {
  throw notSupportedThere(provider, []);
};

const explained =
  (handle: Serve): Serve =>
  async (request) => {
    try {
      return await handle(request);
    } catch (cause) {
      throw toProblem(cause);
    }
  };

const routeOf = (features: readonly Feature[], wanted: string): Route => {
  const route = features.flatMap(({ routes = [] }) => routes).find(({ operation }) => operation === wanted);
  if (!route) throw new Error(`There is no route ${wanted}`);
  return route;
};

/**
 * An erasure begins where the memories lie: only when nothing of the person is found there any more is the key destroyed here.
 * A hold stops both; a provider that is away stops both as well, and the same request goes on later.
 */
const erasing = (core: Core, deps: RemoteDeps, features: readonly Feature[]): Readonly<Record<string, Serve>> => {
  const route = routeOf(features, 'erasePerson');
  return {
    erasePerson: async (request: ApiRequest<unknown, unknown>): Promise<ApiResponse> => {
      const named = requireUserId(request.principal, { explicit: request.params.id ?? '', header: null });
      const person = await core.people.find(core.db, named);
      const [hold] = person ? await findStandingHolds(core, core.db, person) : [];
      if (person && !hold) {
        const count = await deps.provider.deleteUser(person.ref);
        if (count > 0) await tellSwept(deps, person.slot, count, 'erasure');
      }
      return route.handle(request);
    },
  };
};
