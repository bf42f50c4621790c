import { accepted as account } from '../../infra/account/accepted.js';
import { accepted as baseline } from '../../infra/baseline/accepted.js';
import { accepted as bucket } from '../../infra/bucket/accepted.js';
import { accepted as cluster } from '../../infra/cluster/accepted.js';
import { accepted as edge } from '../../infra/edge/accepted.js';
import { accepted as kms } from '../../infra/kms/accepted.js';
import { accepted as network } from '../../infra/network/accepted.js';
import { accepted as observability } from '../../infra/observability/accepted.js';
import { accepted as postgres } from '../../infra/postgres/accepted.js';
import { accepted as registry } from '../../infra/registry/accepted.js';
import type { Accepted } from '../../infra/support/accepted.js';

/** Every check of a scanner that fails on purpose, each from the folder of what it is about. */
export const ACCEPTED: readonly Accepted[] = [
  ...account,
  ...baseline,
  ...bucket,
  ...cluster,
  ...edge,
  ...kms,
  ...network,
  ...observability,
  ...postgres,
  ...registry,
];
