/**
 * `unavailable`: worth another try later. `refused`: the key, the model or the endpoint is wrong, and somebody must change
 * it. `invalid`: it answered, and not with what was asked for.
 */
export type ProviderTrouble = 'unavailable' | 'refused' | 'invalid';

/** A language model's provider did not do it. The message is safe to show: no key, no prompt, no answer in it. */
export class ProviderError extends Error {
  readonly trouble: ProviderTrouble;
  readonly remedy: string;
  /** What the provider asked us to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    trouble: ProviderTrouble,
    message: string,
    remedy: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ProviderError';
    this.trouble = trouble;
    this.remedy = remedy;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

interface Failure {
  readonly status?: unknown;
  readonly status_code?: unknown;
  readonly headers?: unknown;
  readonly name?: unknown;
}

/** The SDKs throw classes of their own, all with the status of the answer when there was one. */
export const explainProvider = (provider: string, keyName: string, cause: unknown): ProviderError => {
  if (cause instanceof ProviderError) return cause;
  const failure = (typeof cause === 'object' && cause !== null ? cause : {}) as Failure;
  const status = typeof failure.status === 'number' ? failure.status : failure.status_code;
  const options = { cause, retryAfterSeconds: readRetryAfter(failure.headers) };
  if (status === 401 || status === 403)
    return new ProviderError('refused', `${provider} refused the key (${status}).`, `Check ${keyName}.`, options);
  if (status === 404)
    return new ProviderError('refused', `${provider} does not know the model or the address (404).`, MODEL, options);
  if (status === 400 || status === 422)
    return new ProviderError('refused', `${provider} refused the request (${status}).`, MODEL, options);
  const why = typeof status === 'number' ? `answered ${status}` : describeNetwork(failure.name);
  return new ProviderError('unavailable', `${provider} ${why}.`, 'Try again later.', options);
};

const MODEL = 'Check the model and the endpoint of this provider.';

const describeNetwork = (name: unknown): string =>
  name === 'APIConnectionTimeoutError' || name === 'TimeoutError' || name === 'AbortError'
    ? 'did not answer in time'
    : 'could not be reached';

/** Whichever `fetch` made them: that of undici has a class of its own. */
export const readRetryAfter = (headers: unknown): number | undefined => {
  if (typeof headers !== 'object' || headers === null || !('get' in headers)) return undefined;
  const seconds = Number((headers as Pick<Headers, 'get'>).get('retry-after'));
  return Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 3600) : undefined;
};
