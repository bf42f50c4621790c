/** Deeper than any honest document, shallow enough for every recursion that follows. */
export const MAX_DEPTH = 64;

/** RFC 6901, as deep as documents may be. Characters that would break a log line or a terminal are replaced. */
export const buildPointer = (path: readonly string[]): string =>
  path
    .slice(0, MAX_DEPTH)
    .map(
      (part) =>
        `/${part
          .slice(0, 64)
          .replace(/[\p{Cc}\p{Surrogate}]/gu, '\ufffd')
          .replaceAll('~', '~0')
          .replaceAll('/', '~1')}`,
    )
    .join('');
