export type KeyringErrorCode =
  | 'KmsRefused'
  | 'KmsUnavailable'
  | 'KmsPending'
  | 'KmsUnsupported'
  | 'KeyringMissing'
  | 'KeyringInvalid'
  | 'KeyringConflict'
  | 'KeyringNotDestroyed';

/** What a person can act on; the code is the reason of the condition. */
export class KeyringError extends Error {
  readonly code: KeyringErrorCode;
  readonly remedy: string;

  constructor(code: KeyringErrorCode, message: string, remedy: string, options?: { readonly cause?: unknown }) {
    super(`${message}; ${remedy}`, options);
    this.name = 'KeyringError';
    this.code = code;
    this.remedy = remedy;
  }
}
