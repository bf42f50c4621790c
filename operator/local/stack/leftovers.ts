import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessRecords } from '../node/process-records.js';
import { discardData } from '../postgres/data-folder.js';
import { endPostgres, postgresHome, signalPostgres } from '../postgres/leftover.js';
import { PARTIAL } from '../whole-file.js';

const processes = (folder: string): string => join(folder, 'node', 'processes');

/** Ends what a killed run of this folder has left and waits for it: its pods first, then the database that they use. */
export async function endLeftovers(folder: string): Promise<void> {
  if (existsSync(processes(folder))) await new ProcessRecords(processes(folder)).endAll();
  await endPostgres(postgresHome(join(folder, 'postgres')));
  rmSync(join(folder, 'endpoints.json'), { force: true });
}

/** The same within this turn, for who is about to exit: nothing is asked to finish, nothing is waited for. */
export function killEverything(folder: string): void {
  if (existsSync(processes(folder))) new ProcessRecords(processes(folder)).killAll();
  signalPostgres(postgresHome(join(folder, 'postgres')), 'SIGQUIT');
  rmSync(join(folder, 'endpoints.json'), { force: true });
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
  discardData(postgresHome(join(folder, 'postgres')));
  for (const entry of STATE_ENTRIES) remove(join(folder, entry));
  for (const entry of ['endpoints.json', 'kubeconfig', 'ports.json']) remove(join(folder, `${entry}${PARTIAL}`));
}
