import type { RequestHandler } from 'express';

/** Of the documents' two gateways one strips these prefixes and the other does not: with and without is the same here. */
export const stripPrefix =
  (prefixes: readonly string[]): RequestHandler =>
  (request, _response, next) => {
    const prefix = prefixes.find((candidate) => request.url.startsWith(`${candidate}/`));
    if (prefix !== undefined) request.url = request.url.slice(prefix.length);
    next();
  };
