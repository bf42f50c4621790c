/**
 * - `SealedValueMalformed`: these bytes are no sealed value of this version and purpose.
 * - `SealedValueRefused`: they are, but not of this tenant, table, row, version and slot; or they were changed.
 */
export type SealErrorCode = 'SealedValueMalformed' | 'SealedValueRefused' | 'PlaceInvalid' | 'EnvelopeInvalid';

export class SealError extends Error {
  readonly code: SealErrorCode;
  readonly remedy: string;

  constructor(code: SealErrorCode, message: string, remedy: string, options?: { readonly cause?: unknown }) {
    super(`${message}; ${remedy}`, options);
    this.name = 'SealError';
    this.code = code;
    this.remedy = remedy;
  }
}

export const malformed = (why: string): SealError =>
  new SealError(
    'SealedValueMalformed',
    `the bytes are no sealed value: ${why}`,
    'read the column that holds sealed values, or migrate the row to this version',
  );

/** One message for every cause: whoever forges learns nothing about how far it came. */
export const refused = (where: string): SealError =>
  new SealError(
    'SealedValueRefused',
    `the sealed value of ${where} does not belong there or was changed`,
    'record security.tamper and restore the row from a backup',
  );

export const placeInvalid = (field: string, value: unknown, wanted: string): SealError =>
  new SealError('PlaceInvalid', `${field} of a sealed value is ${JSON.stringify(value)}`, `pass ${wanted}`);
