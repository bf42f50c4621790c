import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** As fast as the client reads. A client that goes ends the source; a source that fails cuts the connection, since the status is out. */
export const sendStream = async (
  response: ServerResponse,
  open: (signal: AbortSignal) => AsyncIterable<string | Uint8Array>,
): Promise<void> => {
  const gone = new AbortController();
  // One that went before there was an answer closes no more.
  if (response.closed) return;
  response.once('close', () => gone.abort());
  response.flushHeaders();
  try {
    await pipeline(Readable.from(open(gone.signal), { objectMode: false }), response);
  } catch (cause) {
    if (!gone.signal.aborted) throw cause;
  }
};
