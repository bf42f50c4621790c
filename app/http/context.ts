import { AsyncLocalStorage } from 'node:async_hooks';
import type { Principal } from '../access/principal.js';

/** What belongs to one request and is needed far from its handler: logs, metrics, audit. */
export interface RequestContext {
  readonly requestId: string;
  readonly traceId: string;
  readonly startedAt: number;
  /** The route's name, once it is known: the label of metrics, so it must not come from the client. */
  operation: string;
  principal: Principal | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const runInContext = <T>(context: RequestContext, run: () => T): T => storage.run(context, run);
export const currentContext = (): RequestContext | undefined => storage.getStore();
