/**
 * Every error a client can meet, with its status and what to do about it. Code throws `problem(...)`; the error handler is
 * the one place that turns it into a response.
 */
interface Entry {
  readonly status: number;
  readonly title: string;
  readonly remedy: string;
}

const CATALOGUE = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    remedy: 'Correct what "errors" names and send it again.',
  },
  invalid_filter: {
    status: 400,
    title: 'The filter is not valid',
    remedy: 'Use the fields and operators that /docs lists.',
  },
  invalid_scope: {
    status: 400,
    title: 'The scope is not valid',
    remedy: 'Use user, team, organization or global, with the id it needs.',
  },
  immutable_field: {
    status: 400,
    title: 'The field cannot be changed',
    remedy: 'Leave it out, or write a new memory.',
  },
  limit_too_large: { status: 400, title: 'The limit is too large', remedy: 'Ask for fewer and follow next_cursor.' },
  selector_required: {
    status: 400,
    title: 'A selector is required',
    remedy: 'Name what is meant by ids, by filters, or by whose it is (user_id, agent_id …).',
  },
  user_required: {
    status: 400,
    title: 'A user is required',
    remedy: 'This key has no user of its own: name one by user_id or by the header X-User-ID.',
  },
  unauthenticated: {
    status: 401,
    title: 'The credential is missing or not valid',
    remedy: 'Send an API key of this tenant as X-API-Key or as Authorization: Bearer.',
  },
  forbidden: { status: 403, title: 'The credential may not do this', remedy: 'Use a key whose role allows it.' },
  identity_mismatch: {
    status: 403,
    title: 'The request names somebody else',
    remedy: 'Leave the identity out, or use a key that belongs to it.',
  },
  quota_exceeded: {
    status: 403,
    title: 'The quota is used up',
    remedy: 'Delete memories, or ask the platform team for a larger quota; sending it again does not help.',
  },
  not_found: { status: 404, title: 'Not found', remedy: 'Check the path and the id.' },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    remedy: 'Use a method that the header Allow lists.',
  },
  legal_hold: { status: 409, title: 'A legal hold forbids it', remedy: 'Ask who placed the hold.' },
  memory_tampered: {
    status: 409,
    title: 'The memory was changed behind the service',
    remedy: 'Somebody wrote to the database itself: tell whoever runs it, and restore the row from a backup.',
  },
  erasure_pending: {
    status: 409,
    title: 'The erasure waits for a legal hold',
    remedy: 'Ask who placed the hold; when it is released, send the same request again.',
  },
  key_exists: { status: 409, title: 'It exists already', remedy: 'Use another id, or read the one that is there.' },
  role_in_use: {
    status: 409,
    title: 'The role is in use',
    remedy: 'Revoke the API keys that "detail" names, or make them anew with another role; then delete it.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'The same request is still at work',
    remedy: 'Send it again, with the same Idempotency-Key, after the seconds that Retry-After says.',
  },
  version_mismatch: {
    status: 412,
    title: 'The version is another one',
    remedy: 'Read the memory again and decide on its present version.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    remedy: 'Send at most 50 MB, in several batches if need be.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The media type is not supported',
    remedy: 'Send JSON with the header Content-Type: application/json and no Content-Encoding.',
  },
  batch_rejected: {
    status: 422,
    title: 'The batch was refused as a whole',
    remedy: 'Correct what "errors" names, or send on_error "continue"; nothing was written.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    remedy: 'Use a new Idempotency-Key for each request, and the same only to send the same once more.',
  },
  predicate_not_allowed: {
    status: 422,
    title: 'The predicate is not allowed',
    remedy: "Use one of the predicates that the tenant's policy lists.",
  },
  dimension_mismatch: {
    status: 422,
    title: 'The vector has the wrong dimension',
    remedy: "Send vectors of the tenant's model, or leave them out.",
  },
  sealed_field: {
    status: 422,
    title: 'The metadata key is sealed',
    remedy: 'Add the key to spec.encryption.clearMetadata of the MemoryTenant, or use another operator.',
  },
  budget_exceeded: {
    status: 429,
    title: 'The budget of today is used up',
    remedy: 'Wait as many seconds as Retry-After says, or ask the platform team for a larger quotas.tokensPerDay.',
  },
  rate_limited: { status: 429, title: 'Too many requests', remedy: 'Wait as many seconds as Retry-After says.' },
  internal: {
    status: 500,
    title: 'Something unexpected happened',
    remedy: 'Try again; if it stays, give the request id to whoever runs this service.',
  },
  not_supported: { status: 501, title: 'Not supported', remedy: 'See /docs for what this version offers.' },
  store_unavailable: {
    status: 503,
    title: 'A store cannot be reached',
    remedy: 'Try again after the seconds that Retry-After says.',
  },
  audit_tampered: {
    status: 503,
    title: 'The audit log was tampered with',
    remedy: 'Nothing is signed until somebody has looked: run memoryctl audit verify against an exported bundle.',
  },
  keys_unavailable: {
    status: 503,
    title: 'The keys cannot be reached',
    remedy: 'Try again after the seconds that Retry-After says; nothing was written in clear.',
  },
  provider_unavailable: {
    status: 503,
    title: 'A provider that this needs is not available',
    remedy:
      'Try again after the seconds that Retry-After says; a search or write that waits for its vector may bring its own.',
  },
  suspended: {
    status: 503,
    title: 'The tenant does not accept this now',
    remedy: 'The tenant is read-only or suspended: set spec.mode of its MemoryTenant to Active.',
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof CATALOGUE;
export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[];

/** One thing that is wrong, and where: an RFC 6901 pointer into the body, or into `/query`, `/path`, `/header`. */
export interface FieldError {
  readonly index?: number;
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  readonly remedy?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class Problem extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(code: ErrorCode, detail: string, options: ProblemOptions) {
    super(detail, { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.status = CATALOGUE[code].status;
    this.options = options;
  }
}

export const problem = (code: ErrorCode, detail: string, options: ProblemOptions = {}): Problem =>
  new Problem(code, detail, options);

/** Longer lists help nobody and cost megabytes on a hostile body. */
const MAX_ERRORS = 100;

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

/** Where nothing is listed, the detail is all that tells what to correct. */
const remedyOf = ({ code, options }: Problem): string =>
  code === 'invalid_request' && !options.errors?.length
    ? 'Correct what "detail" says and send it again.'
    : CATALOGUE[code].remedy;

export const buildProblemDocument = (error: Problem, requestId: string): ProblemDocument => {
  const entry = CATALOGUE[error.code];
  return {
    type: `https://memplane.dev/problems/${error.code}`,
    title: entry.title,
    status: entry.status,
    code: error.code,
    detail: error.message,
    remedy: error.options.remedy ?? remedyOf(error),
    requestId,
    ...(error.options.errors?.length ? { errors: error.options.errors.slice(0, MAX_ERRORS) } : {}),
  };
};
