import { type FieldError, type Problem, problem } from '../http/errors.js';
import { ProviderError } from '../providers/provider-error.js';

/** Nothing is done half: what a provider cannot do is refused before anything is asked of it. */
export const notSupportedThere = (provider: string, pointers: readonly string[], what?: string): Problem => {
  const errors = pointers.map(
    (pointer): FieldError => ({
      pointer,
      code: 'not_supported_by_provider',
      detail: `${pointer} is nothing that ${provider} can do`,
    }),
  );
  return problem(
    'not_supported',
    what ?? `The memories of this tenant are kept by ${provider}, which cannot do this.`,
    {
      errors,
      remedy: `GET /api/v1/memory/capabilities says what ${provider} can do; a tenant with the provider builtin can do all of it.`,
    },
  );
};

/** What the provider did, in our words. It is never the client's fault that a setting of ours is wrong there. */
export const toProblem = (cause: unknown): unknown =>
  cause instanceof ProviderError
    ? problem('provider_unavailable', cause.message, {
        remedy: cause.remedy,
        headers: { 'Retry-After': String(cause.retryAfterSeconds ?? (cause.trouble === 'unavailable' ? 5 : 60)) },
        cause,
      })
    : cause;
