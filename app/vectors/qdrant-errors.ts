import { isError, messageOf } from '../http/cause.js';
import { IndexMismatch } from './vector-index.js';

export const statusOf = (cause: unknown): number | undefined => {
  const status = isError(cause) && 'status' in cause ? cause.status : undefined;
  return typeof status === 'number' ? status : undefined;
};

/** Says which server and what to do: the client's own messages are the status and a body. */
export const explainQdrant = async <T>(collection: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof IndexMismatch) throw cause;
    throw new Error(`Qdrant, collection ${collection}: ${describe(cause)}`, { cause });
  }
};

const describe = (cause: unknown): string => {
  const status = statusOf(cause);
  if (status === 401 || status === 403)
    return `the key was refused (${status}); check VECTOR_DB_API_KEY and its rights on the collection`;
  if (status === 404) return 'the collection does not exist; it is made again at the next look';
  if (status === 429) return 'the server limits our requests (429); raise its strict mode limits';
  const reason = isError(cause) && isError(cause.cause) ? cause.cause : cause;
  return status === undefined ? `no answer from VECTOR_DB_ENDPOINT: ${messageOf(reason)}` : `status ${status}`;
};
