import type { Queryable } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';
import { encodeDetails, type LogSource } from './bundle.js';
import type { AuditLog } from './create.js';
import { selectBatches, selectDetails } from './event-search.js';
import { readTile } from './reader.js';
import { selectEvents } from './store.js';
import { tilePath } from './tlog.js';

/** The log of this process' database, for `writeBundle`. */
export const databaseSource = (
  db: Queryable,
  vault: Pick<Vault, 'logSigner'>,
  audit: Pick<AuditLog, 'settle' | 'planeKey'>,
): LogSource => {
  return {
    ...databaseParts(db),
    head: async () => {
      const checkpoint = await audit.settle();
      if (!checkpoint) throw new Error('The audit log is empty, or nothing of it is signed any more');
      const plane = await audit.planeKey();
      const vkeys = [vault.logSigner().vkey, ...(plane === undefined ? [] : [plane])];
      return { vkeys, size: checkpoint.size, checkpoint: checkpoint.note };
    },
  };
};

/** What needs no key: tiles, batches and details as they lie in the tables. */
export const databaseParts = (db: Queryable): Omit<LogSource, 'head'> => {
  const idOf = async (seq: number): Promise<string> => (await selectEvents(db, seq, 1))[0]?.id ?? '';
  return {
    tile: (name) => readTile(db, name),
    batch: async (seq) => (await selectBatches(db, [await idOf(seq)]))[0]?.body,
    details: async (seq) => {
      const details = await selectDetails(db, [await idOf(seq)]);
      return details.length === 0 ? undefined : encodeDetails(details);
    },
  };
};

type Send = (url: string, init: { readonly headers: Record<string, string> }) => Promise<Response>;

/** The log of a running service, over its API, with a key that may read the log. */
export const httpSource = (endpoint: string, key: string, send: Send = fetch): LogSource => {
  const get = async (path: string): Promise<Response> => {
    const response = await send(`${endpoint.replace(/\/$/, '')}/api/v1/audit/${path}`, {
      headers: { 'X-API-Key': key },
    });
    if (response.ok || response.status === 404) return response;
    const problem = (await response.json().catch(() => undefined)) as { detail?: string; remedy?: string } | undefined;
    throw new Error(
      `GET ${path} was answered ${response.status}: ${problem?.detail ?? ''} ${problem?.remedy ?? ''}`.trim(),
    );
  };
  const bytes = async (path: string): Promise<Buffer | undefined> => {
    const response = await get(path);
    return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
  };
  return {
    head: async () => {
      const response = await get('head');
      if (!response.ok) throw new Error(`${endpoint} has no audit log`);
      const head = (await response.json()) as {
        vkey: string;
        size: number;
        checkpoint: string;
        plane_key?: string | null;
      };
      const vkeys = [head.vkey, ...(head.plane_key ? [head.plane_key] : [])];
      return { vkeys, size: head.size, checkpoint: Buffer.from(head.checkpoint) };
    },
    tile: (name) => bytes(tilePath(name)),
    batch: (seq) => bytes(`batches/${seq}`),
    details: (seq) => bytes(`details/${seq}`),
  };
};
