import { isRecord } from './json.js';
import { KubeError } from './kube.js';

/** How a request is named in messages: `PATCH /api/v1/namespaces/mem-acme`. */
export type RequestName = string;

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Proxies in front of an API server answer in HTML or plain text: the caller then quotes it as it is.
    return undefined;
  }
};

const retryAfterOf = (header: string | undefined, details: unknown): number | undefined => {
  const fromHeader = header === undefined ? Number.NaN : Number(header);
  if (Number.isFinite(fromHeader) && fromHeader >= 0) return fromHeader;
  const seconds = isRecord(details) ? details.retryAfterSeconds : undefined;
  return typeof seconds === 'number' && seconds > 0 ? seconds : undefined;
};

/** A `Status` object of the server, from a response or from inside a watch stream. */
export const errorFromStatus = (
  status: Readonly<Record<string, unknown>>,
  httpStatus: number,
  request: RequestName,
  retryAfterHeader?: string,
): KubeError => {
  const code = typeof status.code === 'number' ? status.code : httpStatus;
  const given = typeof status.reason === 'string' && status.reason !== '' ? status.reason : undefined;
  const retryAfterSeconds = retryAfterOf(retryAfterHeader, status.details);
  return new KubeError({
    status: code,
    // Servers say "Expired" or "Gone" for 410; callers need one word.
    reason: code === 410 ? 'Expired' : (given ?? REASONS[code] ?? 'Unknown'),
    message: typeof status.message === 'string' && status.message !== '' ? status.message : `${request}: HTTP ${code}`,
    details: status.details,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
};

export const errorFromResponse = (
  httpStatus: number,
  body: string,
  request: RequestName,
  retryAfterHeader?: string,
): KubeError => {
  const parsed = parseJson(body);
  if (isRecord(parsed) && parsed.kind === 'Status') {
    return errorFromStatus(parsed, httpStatus, request, retryAfterHeader);
  }
  const excerpt = body.trim().slice(0, 300);
  return errorFromStatus(
    { code: httpStatus, message: `${request}: HTTP ${httpStatus}${excerpt === '' ? '' : `: ${excerpt}`}` },
    httpStatus,
    request,
    retryAfterHeader,
  );
};

/** Empty when there is none: an AggregateError of refused connections has none. */
export const messageOf = (error: unknown): string =>
  isRecord(error) && typeof error.message === 'string' ? error.message : '';

const codeOf = (error: unknown): string | undefined => {
  if (!isRecord(error)) return undefined;
  return typeof error.code === 'string' ? error.code : codeOf(error.cause);
};

const EXPLAINED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: is the API server running there?',
  ENOTFOUND: 'the host name is unknown: check the server in the kubeconfig',
  EAI_AGAIN: 'the host name could not be looked up just now',
  ECONNRESET: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within the time limit',
  UND_ERR_HEADERS_TIMEOUT: 'no answer within the time limit',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half-way',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by the CA in the kubeconfig',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by the CA in the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by the CA in the kubeconfig',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** Codes after which the same socket is useless but the server may be fine: an idempotent request may be sent again. */
const CONNECTION_LOST = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
export const REASON_CONNECTION_LOST = 'ConnectionLost';
export const REASON_UNREACHABLE = 'ServerUnreachable';

/** The request got no answer. `status` is 0: nothing is known about whether the server acted on it. */
export const errorFromTransport = (cause: unknown, server: URL, request: RequestName): KubeError => {
  const code = codeOf(cause);
  const text = messageOf(cause) || (code ?? String(cause));
  const why = code === undefined ? text : (EXPLAINED[code] ?? `${text} (${code})`);
  return new KubeError({
    status: 0,
    reason: code !== undefined && CONNECTION_LOST.has(code) ? REASON_CONNECTION_LOST : REASON_UNREACHABLE,
    message: `cannot reach the API server ${server.origin}: ${why} (${request})`,
    cause,
  });
};
