/**
 * cdktf keeps the stack of calls of every token, for messages that a synthesis without an error never prints: a tenth
 * of its time. Errors keep theirs.
 */
export function withoutTraces<T>(work: () => T): T {
  const capture = Error.captureStackTrace;
  Error.captureStackTrace = () => {};
  try {
    return work();
  } finally {
    Error.captureStackTrace = capture;
  }
}
