import type { User } from '../authentication.js';
import type { Resource } from '../resources/resource.js';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A request for a resource, read and authorised; the handlers need no HTTP beyond it. */
export interface ResourceRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  /** "" for cluster-wide kinds, and for a list over all namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly userAgent: string | undefined;
  readonly accept: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Sentences for `Warning` headers, collected while the request is handled. */
  readonly warnings: string[];
}

/** A handler's answer: JSON, already encoded where the storage has it encoded. */
export interface Answer {
  readonly status: number;
  readonly json: string;
}

export const isDryRun = (request: ResourceRequest): boolean => request.query.getAll('dryRun').includes('All');
