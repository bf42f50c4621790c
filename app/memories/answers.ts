import type { ApiRequest, ApiResponse } from '../http/route.js';
import type { Memory } from './schema.js';
import { matchesVersion } from './version.js';

/** A memory was made: which version it is, and where it lies. */
export const buildCreatedAnswer = (memory: Memory): ApiResponse => ({
  status: 201,
  body: memory,
  headers: { ETag: `"${memory.version}"`, Location: `/api/v1/memories/${memory.id}` },
});

/** 304 to whoever has this version. `write`: how it becomes JSON, where that is known already. */
export const buildReadAnswer = (
  { headers: asked }: Pick<ApiRequest<unknown, unknown>, 'headers'>,
  memory: Memory,
  write?: (memory: Memory) => string,
): ApiResponse => {
  const headers = { ETag: `"${memory.version}"` };
  const known = asked['if-none-match'];
  if (known !== undefined && matchesVersion(known.replaceAll('W/', ''), memory.version))
    return { status: 304, body: undefined, headers };
  return { status: 200, body: memory, headers, ...(write ? { text: write(memory) } : {}) };
};
