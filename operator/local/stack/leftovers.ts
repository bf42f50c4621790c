import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessTable } from '../node/processes.js';
import { endPostgres, postgresHome, signalPostgres } from '../postgres/leftover.js';

const processes = (folder: string): string => join(folder, 'node', 'processes');

/** Ends what a killed run of this folder has left: its pods first, then the database that they use. */
export async function endLeftovers(folder: string): Promise<void> {
  endPods(folder);
  await endPostgres(postgresHome(join(folder, 'postgres')));
  rmSync(join(folder, 'endpoints.json'), { force: true });
}

/** The same within this turn, for who is about to exit: nothing is asked to finish, nothing is waited for. */
export function killEverything(folder: string): void {
  endPods(folder);
  signalPostgres(postgresHome(join(folder, 'postgres')), 'SIGQUIT');
  rmSync(join(folder, 'endpoints.json'), { force: true });
}

function endPods(folder: string): void {
  if (existsSync(processes(folder))) new ProcessTable(processes(folder)).endLeftovers();
}

/** Everything that a stack writes into its folder; whatever else lies there is somebody else's. */
export const STATE_ENTRIES = [
  'buckets',
  'cluster',
  'endpoints.json',
  'kms',
  'kubeconfig',
  'node',
  'ports.json',
  'postgres',
  'postgres.id',
] as const;

/** Nothing of an earlier run remains. The caller has ended what that run left running. */
export function removeState(folder: string): void {
  const remove = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 10 });
  remove(postgresHome(join(folder, 'postgres')));
  for (const entry of STATE_ENTRIES) remove(join(folder, entry));
}
