import type { Ingress } from 'kubernetes-types/networking/v1.js';
import { TENANT_LABEL } from '../../../charts/manifests/names.js';
import type { LiveObject } from '../../clients/kube.js';
import { keyOf, namespaceOf } from '../kinds.js';

export interface Backend {
  readonly namespace: string;
  readonly service: string;
  /** Number or name of the Service's port. */
  readonly port: number | string;
}

export interface Rule {
  readonly kind: 'Exact' | 'PathPrefix';
  readonly path: string;
  readonly backends: readonly Backend[];
}

/** One route object: its hosts, and where its paths lead. */
export interface Site {
  readonly key: string;
  readonly tenant: string;
  readonly namespace: string;
  readonly hosts: readonly string[];
  /** The most specific path first. */
  readonly rules: readonly Rule[];
}

/** The fields of HTTPRoute that a local router can honour: host names, path matches, backends. */
export type LiveHttpRoute = LiveObject & {
  readonly spec?: {
    readonly hostnames?: readonly string[];
    readonly rules?: readonly {
      readonly matches?: readonly { readonly path?: { readonly type?: string; readonly value?: string } }[];
      readonly backendRefs?: readonly {
        readonly name: string;
        readonly namespace?: string;
        readonly port?: number;
        readonly weight?: number;
      }[];
    }[];
  };
};

export type LiveIngress = LiveObject & { readonly spec?: NonNullable<Ingress['spec']> };

const LOCAL_DOMAIN = 'localhost';

/** HTTPRoutes first; an Ingress adds the tenants that no HTTPRoute names. */
export function buildSites(routes: readonly LiveHttpRoute[], ingresses: readonly LiveIngress[]): readonly Site[] {
  const sites = new Map<string, Site>();
  for (const site of [...routes.map(siteOfRoute), ...ingresses.map(siteOfIngress)]) {
    if (site.hosts.length > 0 && !sites.has(site.tenant)) sites.set(site.tenant, site);
  }
  return [...sites.values()];
}

/** Exact host, then the longest wildcard. */
export function findSite(sites: readonly Site[], host: string): Site | undefined {
  const exact = sites.find((site) => site.hosts.includes(host));
  if (exact !== undefined) return exact;
  const wild = sites.flatMap((site) => site.hosts.filter((one) => one.startsWith('*.')).map((one) => ({ site, one })));
  const matching = wild.filter(({ one }) => host.endsWith(one.slice(1)));
  return matching.sort((a, b) => b.one.length - a.one.length)[0]?.site;
}

export function findRule(site: Site, path: string): Rule | undefined {
  return site.rules.find((rule) => {
    if (rule.kind === 'Exact') return path === rule.path;
    const prefix = rule.path.replace(/\/+$/, '');
    return path === prefix || path.startsWith(`${prefix}/`);
  });
}

/** The name of a host without its port, as it is compared. */
export function hostOf(header: string | undefined): string {
  const name = (header ?? '').toLowerCase();
  return name.startsWith('[') ? name.slice(0, name.indexOf(']') + 1) : (name.split(':')[0] ?? '');
}

function siteOfRoute(route: LiveHttpRoute): Site {
  const namespace = namespaceOf(route);
  const rules = (route.spec?.rules ?? []).flatMap((rule) => {
    const backends = (rule.backendRefs ?? [])
      .filter((ref) => ref.weight !== 0)
      .map((ref) => ({ namespace: ref.namespace ?? namespace, service: ref.name, port: ref.port ?? 0 }));
    const matches = rule.matches ?? [{}];
    return matches.flatMap(({ path }) => buildRule(path?.type ?? 'PathPrefix', path?.value ?? '/', backends));
  });
  return buildSite(route, route.spec?.hostnames ?? [], rules);
}

function siteOfIngress(ingress: LiveIngress): Site {
  const namespace = namespaceOf(ingress);
  const rules = ingress.spec?.rules ?? [];
  const paths = rules.flatMap((rule) => rule.http?.paths ?? []);
  const hosts = rules.flatMap((rule) => rule.host ?? []);
  return buildSite(
    ingress,
    [...new Set(hosts)],
    paths.flatMap(({ path, pathType, backend }) => {
      const port = backend.service?.port?.number ?? backend.service?.port?.name;
      if (backend.service === undefined || port === undefined) return [];
      return buildRule(pathType === 'Exact' ? 'Exact' : 'PathPrefix', path ?? '/', [
        { namespace, service: backend.service.name, port },
      ]);
    }),
  );
}

/** A kind of match that this router does not know serves nothing, rather than everything. */
function buildRule(kind: string, path: string, backends: readonly Backend[]): readonly Rule[] {
  return kind === 'Exact' || kind === 'PathPrefix' ? [{ kind, path, backends }] : [];
}

function buildSite(object: LiveObject, hosts: readonly string[], rules: readonly Rule[]): Site {
  const named = hosts.find((host) => !host.startsWith('*'))?.split('.')[0];
  const tenant = object.metadata.labels?.[TENANT_LABEL] ?? named ?? object.metadata.name;
  const local = `${tenant}.${LOCAL_DOMAIN}`;
  const rank = (rule: Rule): number => rule.path.length * 2 + Number(rule.kind === 'Exact');
  return {
    key: `${object.kind}/${keyOf(object)}`,
    tenant,
    namespace: namespaceOf(object),
    hosts: hosts.length === 0 ? [] : [...new Set([local, ...hosts.map((host) => host.toLowerCase())])],
    rules: [...rules].sort((a, b) => rank(b) - rank(a)),
  };
}
