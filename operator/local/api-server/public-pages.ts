import type { ServerResponse } from 'node:http';
import { buildAggregated, buildCoreVersions, buildGroup, buildGroupList, buildResourceList } from './discovery.js';
import { noSuchPath, notAcceptable } from './errors.js';
import type { Dict } from './objects.js';
import { OpenApi } from './openapi.js';
import type { Registry } from './registry.js';

export const VERSION = { major: '1', minor: '33', gitVersion: 'v1.33.4+memplane' } as const;

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const HEALTH: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz']);

/**
 * `{swagger: "2.0", info: {title, version}, paths: {}}` in protobuf, of which every byte is ASCII. kubectl reads v3, and
 * asks v2 about a kind that v3 does not know: a refusal would hide that the kind is unknown.
 */
const EMPTY_OPENAPI_V2 = '\n\x032.0\x12\x15\n\x0aKubernetes\x12\x07v1.33.4B\0';

const compact = (accept: string): string => accept.replaceAll(' ', '');

/** The paths that are no resource: health, version, discovery and OpenAPI. */
export class PublicPages {
  readonly #registry: Registry;
  readonly #openapi: OpenApi;
  constructor(registry: Registry) {
    this.#registry = registry;
    this.#openapi = new OpenApi(registry);
  }

  /** What a probe may ask without a token. */
  serveOpen(path: string, response: ServerResponse): boolean {
    if (!HEALTH.has(path)) return false;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end('ok');
    return true;
  }

  /** False when there is no such page. */
  serve(path: string, accept: string, response: ServerResponse): boolean {
    const text = this.#page(path.replace(/\/$/, ''), compact(accept), response);
    if (text === undefined) return false;
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
    response.end(text);
    return true;
  }

  #page(path: string, accept: string, response: ServerResponse): string | undefined {
    if (path === '/version')
      return JSON.stringify({
        ...VERSION,
        gitCommit: '',
        gitTreeState: 'clean',
        buildDate: '1970-01-01T00:00:00Z',
        goVersion: '',
        compiler: 'node',
        platform: `${process.platform}/${process.arch}`,
      });
    if (path === '/openapi/v3') return this.#openapi.index();
    if (path.startsWith('/openapi/v3/')) return this.#openapi.document(path.slice('/openapi/v3/'.length));
    if (path === '/openapi/v2') {
      if (accept.includes('json')) throw noSuchPath();
      if (!accept.includes('protobuf')) throw notAcceptable('OpenAPI v2 is served as protobuf; ask for /openapi/v3');
      response.setHeader('content-type', 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
      return EMPTY_OPENAPI_V2;
    }
    return encode(this.#discovery(path, accept, response));
  }

  #discovery(path: string, accept: string, response: ServerResponse): Dict | undefined {
    if (path === '/api' || path === '/apis') {
      if (accept.includes('as=APIGroupDiscoveryList')) {
        response.setHeader('content-type', AGGREGATED);
        return buildAggregated(this.#registry, path === '/api');
      }
      return path === '/api' ? buildCoreVersions('127.0.0.1') : buildGroupList(this.#registry);
    }
    const [, root, first = '', second] = path.split('/');
    if (root === 'api' && second === undefined) return buildResourceList(this.#registry, '', first);
    if (root !== 'apis') return undefined;
    return second === undefined
      ? buildGroup(this.#registry, first)
      : buildResourceList(this.#registry, first, path.slice(`/apis/${first}/`.length));
  }
}

const encode = (page: Dict | undefined): string | undefined => (page === undefined ? undefined : JSON.stringify(page));
