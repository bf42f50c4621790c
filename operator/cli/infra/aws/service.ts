import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { perRegion } from './request.js';

export interface Service {
  read(target: Target, keys: Keys): Promise<Facts | undefined>;
  close(): void;
}

type Reader<C> = (client: C, target: Target, keys: Keys) => Promise<Facts | undefined>;

/** One kind of resource: a client a region, made when it is needed. */
export function serviceOf<C extends { destroy(): void }>(make: (region: string) => C, read: Reader<C>): Service {
  const clients = perRegion(make);
  return { read: (target, keys) => read(clients.of(target.region), target, keys), close: clients.close };
}
