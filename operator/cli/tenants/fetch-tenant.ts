import { lookup as resolve } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What of `fetch` is needed to speak with a tenant. */
export interface TenantRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal;
}

/** The demo's tenants answer at names under localhost, which curl and browsers take for this machine and Node does not. */
const lookup: LookupFunction = (hostname, options, found) => {
  if (!/(^|\.)localhost$/.test(hostname)) return resolve(hostname, options, found);
  if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }]);
  else found(null, '127.0.0.1', 4);
};

/** `fetch`, but for those names, and that it follows no redirect: a key goes where it was sent and nowhere else. */
export const fetchTenant = async (
  url: string | URL,
  { method = 'GET', headers, body, signal }: TenantRequest,
): Promise<Response> => {
  const to = new URL(url);
  const send = to.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise<Response>((done, failed) => {
    const sent = send(to, { method, headers, lookup, ...(signal && { signal }) }, (response) => {
      const status = response.statusCode ?? 0;
      buffer(response).then((bytes) => done(new Response(bytes.length > 0 ? bytes : null, { status })), failed);
    });
    sent.once('error', failed);
    sent.end(body);
  });
};
