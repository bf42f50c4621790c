import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ExecAction, HTTPGetAction, Probe, TCPSocketAction } from 'kubernetes-types/core/v1.js';
import { POD_IP } from './field-ref.js';

export interface ProbeResult {
  readonly ok: boolean;
  readonly message: string;
}

/** What a check needs to know of the container that it looks at. */
export interface ProbeTarget {
  /** A declared port, by name or number, as the process really serves it. */
  resolvePort(port: string | number): number | undefined;
  /** Runs a command in the container's environment. */
  exec(command: readonly string[], timeoutMs: number): Promise<ProbeResult>;
}

/** A probe's own defaults, in milliseconds. */
export const timeoutMsOf = (probe: Probe): number => (probe.timeoutSeconds ?? 1) * 1_000;

export type Check = Pick<Probe, 'httpGet' | 'tcpSocket' | 'exec'>;

/** Looks once. Whatever goes wrong is an answer, not an exception. */
export async function runCheck(check: Check, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  if (check.httpGet !== undefined) return checkHttp(check.httpGet, target, timeoutMs);
  if (check.tcpSocket !== undefined) return checkTcp(check.tcpSocket, target, timeoutMs);
  if (check.exec !== undefined) return checkExec(check.exec, target, timeoutMs);
  return { ok: false, message: 'this node runs httpGet, tcpSocket and exec probes only' };
}

function checkHttp(get: HTTPGetAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const port = target.resolvePort(get.port);
  if (port === undefined) return Promise.resolve(noPort(get.port));
  const host = get.host ?? POD_IP;
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host,
    port,
    path: get.path ?? '/',
    headers: { 'user-agent': 'kube-probe/local', ...headers },
    agent: false as const,
    signal: AbortSignal.timeout(timeoutMs),
  };
  return new Promise((resolve) => {
    const outgoing =
      get.scheme === 'HTTPS' ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    outgoing.once('response', (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      const ok = status >= 200 && status < 400;
      resolve({ ok, message: `HTTP probe ${ok ? 'succeeded' : 'failed'} with statuscode: ${status}` });
    });
    outgoing.on('error', (error) => resolve({ ok: false, message: failure(error, timeoutMs) }));
    outgoing.end();
  });
}

function checkTcp(socket: TCPSocketAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const port = target.resolvePort(socket.port);
  if (port === undefined) return Promise.resolve(noPort(socket.port));
  return new Promise((resolve) => {
    const connection = connect({ host: socket.host ?? POD_IP, port, timeout: timeoutMs });
    const finish = (result: ProbeResult): void => {
      connection.destroy();
      resolve(result);
    };
    connection.once('connect', () => finish({ ok: true, message: 'connected' }));
    connection.once('timeout', () => finish({ ok: false, message: `no connection within ${timeoutMs} ms` }));
    connection.on('error', (error) => finish({ ok: false, message: failure(error, timeoutMs) }));
  });
}

function checkExec(action: ExecAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  return target.exec(action.command ?? [], timeoutMs);
}

const noPort = (port: string | number): ProbeResult => ({
  ok: false,
  message: `port "${port}" is not declared by the container: name one of its ports`,
});

const failure = (error: Error, timeoutMs: number): string =>
  error.name === 'TimeoutError' || error.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : error.message;
