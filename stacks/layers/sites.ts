import type { Site } from '../../infra/support/site.js';

/** The region an environment works in, and the one that survives its loss. */
export interface Sites {
  readonly here: Site;
  readonly there: Site;
}
