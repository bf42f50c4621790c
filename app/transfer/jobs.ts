import { createHash } from 'node:crypto';
import type { Core } from '../core.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import type { JobHandler } from '../jobs/jobs.js';
import type { Caller } from '../memories/service.js';
import { type ExportDeps, exportLines } from './export.js';
import { EXPORT_JOB, type ExportAsked, resolveExport } from './export-routes.js';
import { IMPORT_JOB, type ImportInput, runImport } from './import-routes.js';
import { deleteFile, type FileOwner, openPartWriter, readFile } from './parts.js';

/** The file is written anew by each attempt. */
export const exportJob = (core: Core, deps: ExportDeps): JobHandler => ({
  kind: EXPORT_JOB,
  run: async (input, { principal, signal, progress }) => {
    const { transfer, owner, asked } = input as unknown as ExportInput;
    const subject = await resolveExport(deps, { principal, headers: {} }, asked);
    const file = await openPartWriter(core.db, core.vault, transfer, owner);
    const { include = [], filters } = asked;
    const lines = exportLines(deps, subject, { include, filters }, signal);
    let done = 0;
    for (;;) {
      const next = await lines.next();
      if (next.done) {
        const bytes = await file.end();
        const result = { export_id: transfer, url: `/api/v1/exports/${transfer}`, memories: next.value, bytes };
        return { result, progress: { total: next.value, done: next.value, failed: 0 } };
      }
      await file.write(next.value);
      done++;
      await progress({ total: 0, done, failed: 0 });
    }
  },
});

interface ExportInput {
  readonly transfer: string;
  readonly owner: FileOwner;
  readonly asked: ExportAsked;
}

/** Begun again after a crash, it gives each line the id that it gave it before, and so finds what it has written. */
export const importJob = (core: Core): JobHandler => ({
  kind: IMPORT_JOB,
  run: async (input, { principal, progress }) => {
    const { transfer, userId, asked } = input as unknown as QueuedImport;
    const pieces: Buffer[] = [];
    for await (const text of readFile(core.db, core.vault, transfer)) pieces.push(Buffer.from(text, 'latin1'));
    if (pieces.length === 0) {
      throw problem(
        'not_found',
        'The file of this import is not there any more: it is kept for a day, or until an erasure.',
        {
          remedy: 'Send the import again.',
        },
      );
    }
    const headers = userId === null ? {} : { 'x-user-id': Buffer.from(userId, 'utf8').toString('latin1') };
    const caller: Caller = { principal, headers };
    const result = await runImport(core.memories, caller, Buffer.concat(pieces), asked, {
      newId: createFixedIds(transfer),
      progress: (done, failed, total) => progress({ total, done, failed }),
    });
    await deleteFile(core.db, transfer);
    const { created, skipped, overwritten, failed } = result;
    const done = created + skipped + overwritten;
    return { result: result as unknown as Json, progress: { total: done + failed, done, failed } };
  },
});

interface QueuedImport {
  readonly transfer: string;
  readonly userId: string | null;
  readonly asked: ImportInput;
}

/** A custom UUID (version 8) from the transfer's id and a count. */
const createFixedIds = (transfer: string): (() => string) => {
  let n = 0;
  return () => {
    const bytes = createHash('sha256').update(`${transfer} ${n++}`).digest();
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
  };
};
