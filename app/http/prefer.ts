import type { IncomingHttpHeaders } from 'node:http';

/** RFC 7240: whether the caller would rather be told where to look later. */
export const prefersAsync = ({ prefer }: IncomingHttpHeaders): boolean =>
  (Array.isArray(prefer) ? prefer.join(',') : (prefer ?? ''))
    .split(',')
    .some((preference) => preference.trim().toLowerCase() === 'respond-async');
