import { isRecord } from './json.js';
import { KubeError, type LiveObject, type WatchEvent } from './kube.js';
import { errorFromStatus, errorFromTransport } from './kube-errors.js';
import { splitLines } from './lines.js';

const malformed = (request: string, line: string, cause?: unknown): KubeError =>
  new KubeError({
    status: 0,
    reason: 'MalformedEvent',
    message: `${request}: not a watch event: ${line.slice(0, 200)}`,
    cause,
  });

const parseEvent = <T extends LiveObject>(line: string, request: string): WatchEvent<T> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw malformed(request, line, cause);
  }
  if (!isRecord(parsed) || !isRecord(parsed.object)) throw malformed(request, line);
  const { type, object } = parsed;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as unknown as T };
    case 'BOOKMARK': {
      const version = isRecord(object.metadata) ? object.metadata.resourceVersion : undefined;
      if (typeof version !== 'string') throw malformed(request, line);
      return { type, resourceVersion: version };
    }
    case 'ERROR':
      throw errorFromStatus(object, 500, request);
    default:
      throw malformed(request, line);
  }
};

/**
 * Reads events until the server closes the stream or the caller stops. Leaving a `for await` over the body destroys
 * it, and with it the socket.
 */
export async function* readEvents<T extends LiveObject>(
  body: AsyncIterable<Uint8Array>,
  context: { readonly server: URL; readonly request: string; readonly signal: AbortSignal },
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  try {
    for await (const line of splitLines(body)) yield parseEvent<T>(line, context.request);
  } catch (error) {
    // Who aborts knows it: the stream just ends.
    if (context.signal.aborted) return;
    throw error instanceof KubeError ? error : errorFromTransport(error, context.server, context.request);
  }
}
