import { describeFieldError, type FieldError } from './field-errors.js';
import type { Dict } from './objects.js';

export interface StatusCause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal as a value: thrown anywhere, translated into a `Status` once, at the edge. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  constructor(code: number, reason: string, message: string, details?: StatusDetails, cause?: unknown) {
    super(message, { cause });
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** What a refusal is about. `resource` is the plural name, as in the URL. */
export interface Subject {
  readonly group: string;
  readonly resource: string;
  readonly name?: string | undefined;
}

export const statusOf = (error: ApiError): Dict => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: error.message,
  ...(error.reason === '' ? {} : { reason: error.reason }),
  ...(error.details === undefined ? {} : { details: error.details }),
  code: error.code,
});

const qualified = ({ group, resource }: Subject): string => (group === '' ? resource : `${resource}.${group}`);

const detailsOf = ({ group, resource, name }: Subject): StatusDetails => ({
  ...(name === undefined ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: resource,
});

export const notFound = (subject: Subject): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(subject)} "${subject.name ?? ''}" not found`, detailsOf(subject));

export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (subject: Subject): ApiError =>
  new ApiError(
    409,
    'AlreadyExists',
    `${qualified(subject)} "${subject.name ?? ''}" already exists`,
    detailsOf(subject),
  );

export const conflict = (subject: Subject, because: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name ?? ''}": ${because}`,
    detailsOf(subject),
  );

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const forbidden = (subject: Subject, because: string): ApiError =>
  new ApiError(
    403,
    'Forbidden',
    `${qualified(subject)}${subject.name === undefined ? '' : ` "${subject.name}"`} is forbidden: ${because}`,
    detailsOf(subject),
  );

export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const unsupportedMediaType = (message: string): ApiError => new ApiError(415, 'UnsupportedMediaType', message);

export const notAcceptable = (message: string): ApiError => new ApiError(406, 'NotAcceptable', message);

export function invalid(
  object: { readonly group: string; readonly kind: string; readonly name: string },
  errors: readonly FieldError[],
): ApiError {
  const texts = errors.map(describeFieldError);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const kind = object.group === '' ? object.kind : `${object.kind}.${object.group}`;
  return new ApiError(422, 'Invalid', `${kind} "${object.name}" is invalid: ${text}`, {
    ...(object.name === '' ? {} : { name: object.name }),
    ...(object.group === '' ? {} : { group: object.group }),
    kind: object.kind,
    causes: errors.map(({ reason, field, message }) => ({ reason, message, field })),
  });
}
