import type { LinksOutput } from './contract.js';

/** Endpoints of the network carry every bucket, key and secret of the account, and no other's buckets. */
export const buildAwsLinks = (): LinksOutput => ({ own: [] });
