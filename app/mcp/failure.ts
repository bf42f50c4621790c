import { buildProblemDocument, type Problem } from '../http/errors.js';

/** What failed in a tool is the tool's result: the model reads it and can do better, or knows how long to wait. */
export const buildFailure = (error: Problem, requestId: string): object => {
  const { code, detail, remedy, errors } = buildProblemDocument(error, requestId);
  const seconds = retryAfterOf(error);
  const wait = seconds === undefined ? '' : ` Try again in ${seconds} seconds.`;
  const fields = errors?.map(({ pointer, detail: what }) => `\n${pointer}: ${what}`).join('') ?? '';
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${ended(detail)} ${remedy}${wait}${fields}` }],
    structuredContent: {
      ...{ code, detail, remedy, requestId },
      ...(errors ? { errors } : {}),
      ...(seconds === undefined ? {} : { retry_after_seconds: seconds }),
    },
  };
};

const ended = (sentence: string): string => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

export const retryAfterOf = ({ status, options }: Problem): number | undefined => {
  const header = options.headers?.['Retry-After'];
  if (header !== undefined) return Number(header);
  return status === 503 ? DEFAULT_SECONDS : undefined;
};

/** As every 503 of the API says. */
const DEFAULT_SECONDS = 5;
