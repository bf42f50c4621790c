import type { IncomingMessage } from 'node:http';

/** Each trusted proxy appends the address it saw: what is further left was written by whoever is outside. */
export const addressOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>, trustedProxies: number): string => {
  const forwarded = request.headers['x-forwarded-for'];
  if (typeof forwarded !== 'string' || trustedProxies === 0) return request.socket.remoteAddress ?? 'unknown';
  const entries = forwarded.split(',');
  const seen = entries.at(-Math.min(trustedProxies, entries.length))?.trim();
  return seen || (request.socket.remoteAddress ?? 'unknown');
};
