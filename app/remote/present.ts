import { observeRead } from '../memories/observe-read.js';
import type { Memory } from '../memories/schema.js';
import type { Person } from '../tenancy/people.js';
import type { RemoteRecord } from './provider.js';
import { isExpired, presentRecord, refsOf, unpackMetadata } from './remembered.js';
import type { RemoteDeps } from './remote-deps.js';

export interface Shown {
  readonly record: RemoteRecord;
  readonly memory: Memory;
}

/** One person's records as clients see them. What is past its time is not shown, whatever the provider thinks of it. */
export const showRecords = async (
  { db, vault, people }: RemoteDeps,
  { ref, slot }: Person,
  records: readonly RemoteRecord[],
): Promise<readonly Shown[]> => {
  const now = new Date();
  const own = records
    .filter(({ owner }) => owner === ref)
    .map((record) => ({ record, unpacked: unpackMetadata(vault, record) }))
    .filter(({ unpacked }) => !isExpired(unpacked.remembered, now));
  if (own.length === 0) return [];
  await vault.prepare([slot]);
  const names = await people.names(
    db,
    own.flatMap(({ record, unpacked }) => refsOf(record, unpacked)),
  );
  return own.map(({ record, unpacked }) => ({ record, memory: presentRecord(vault, slot, record, unpacked, names) }));
};

/** Told like every read: who saw which memories. */
export const tellRead = async (
  { audit }: RemoteDeps,
  op: 'get' | 'list' | 'search',
  { slot }: Person,
  shown: readonly Memory[],
): Promise<void> => {
  await observeRead(
    audit,
    op,
    shown.map(({ id }) => ({ id, slot })),
  );
};
