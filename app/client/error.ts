export interface FieldError {
  readonly index?: number;
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface MemplaneErrorInit {
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string | undefined;
  readonly requestId?: string | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** What the service refused, or that it could not be reached: `code` says which, `remedy` what to do. */
export class MemplaneError extends Error {
  readonly status: number;
  readonly code: string;
  readonly remedy: string | undefined;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, code, detail, remedy, requestId, errors, retryAfterSeconds, cause }: MemplaneErrorInit) {
    super(`${code}: ${detail}`, { cause });
    this.name = 'MemplaneError';
    this.status = status;
    this.code = code;
    this.remedy = remedy;
    this.requestId = requestId;
    this.errors = errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** From an answer that is no success, whoever between the client and the service gave it. */
export const readError = async (response: Response): Promise<MemplaneError> => {
  const text = await response.text();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const known = {
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  };
  const problem = parseProblem(text);
  if (problem) return new MemplaneError({ ...problem, ...known });
  return new MemplaneError({
    ...known,
    code: `http_${response.status}`,
    detail: text.slice(0, 200) || response.statusText,
  });
};

const parseProblem = (text: string): Pick<MemplaneErrorInit, 'code' | 'detail' | 'remedy' | 'errors'> | undefined => {
  try {
    const { code, detail, remedy, errors } = JSON.parse(text) as Record<string, unknown>;
    if (typeof code !== 'string' || typeof detail !== 'string') return undefined;
    return {
      code,
      detail,
      remedy: typeof remedy === 'string' ? remedy : undefined,
      errors: Array.isArray(errors) ? (errors as readonly FieldError[]) : undefined,
    };
  } catch {
    return undefined;
  }
};
