import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { postgresHome } from '../postgres/leftover.js';
import { UnusableState } from '../unusable-state.js';

/**
 * Parts of a state that mean nothing without each other. Made anew one by one they would give a cluster whose tenants
 * wait for ever for data and keys that nobody has.
 */
export function requireWholeState(folder: string): void {
  const data = join(postgresHome(join(folder, 'postgres')), 'data');
  if (existsSync(join(folder, 'cluster')) && !existsSync(data))
    throw new UnusableState(folder, `${data} is gone, the database of the tenants that the cluster knows`);
  const key = join(folder, 'kms', 'plane.key');
  if (existsSync(join(folder, 'buckets', 'keys', 'keys')) && !existsSync(key))
    throw new UnusableState(folder, `${key} is gone, without which no tenant's keyring opens`);
}
