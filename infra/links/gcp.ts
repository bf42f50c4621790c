import type { LinksOutput } from './contract.js';

/** The network's private names carry every API of Google's. */
export const buildGcpLinks = (): LinksOutput => ({ own: [] });
