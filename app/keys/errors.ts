/** What can go wrong with keys. The code is for machines, the message says what and which object, the remedy what to do. */
export type KeyErrorCode =
  | 'KeyUnavailable'
  | 'SlotDestroyed'
  | 'SlotReserved'
  | 'KeyringMissing'
  | 'KeyringInvalid'
  | 'KeyringRolledBack'
  | 'KeyringContended'
  | 'BlockInvalid'
  | 'KmsRefused'
  | 'KmsUnsupported';

export class KeyError extends Error {
  readonly code: KeyErrorCode;
  readonly remedy: string;

  constructor(code: KeyErrorCode, message: string, remedy: string, options?: { readonly cause?: unknown }) {
    super(`${message}; ${remedy}`, options);
    this.name = 'KeyError';
    this.code = code;
    this.remedy = remedy;
  }
}

export const isKeyError = (error: unknown, code?: KeyErrorCode): error is KeyError =>
  error instanceof KeyError && (code === undefined || error.code === code);

export const keyUnavailable = (slot: number, why: string, remedy: string, cause?: unknown): KeyError =>
  new KeyError('KeyUnavailable', `the key of slot ${slot} is not available: ${why}`, remedy, { cause });

export const slotDestroyed = (slot: number, generation?: number): KeyError =>
  new KeyError(
    'SlotDestroyed',
    `the key of slot ${slot}${generation === undefined ? '' : ` generation ${generation}`} was destroyed`,
    'what it sealed cannot be read by anybody, ever; report the subject as erased',
  );

export const keyringMissing = (name: string): KeyError =>
  new KeyError(
    'KeyringMissing',
    `there is no keyring at ${name}`,
    'let the operator reconcile the tenant (it births the keyring), or check KEYS_BUCKET_URL, MEMPLANE_NAMESPACE and MEMPLANE_TENANT_ID',
  );

export const keyringInvalid = (name: string, problems: readonly string[]): KeyError =>
  new KeyError(
    'KeyringInvalid',
    `the keyring ${name} is refused: ${problems.join('; ')}`,
    'somebody else than this tenant and its operator wrote it, or it is damaged: copy back the second region, and look at the access log of the keys bucket',
  );

export const keyringRolledBack = (name: string, found: number, known: number): KeyError =>
  new KeyError(
    'KeyringRolledBack',
    `the keyring ${name} has epoch ${found}, but epoch ${known} was already seen`,
    'an older keyring was put back: restore the newest one from the second region, and look at the access log of the keys bucket',
  );

export const blockInvalid = (name: string, why: string, cause?: unknown): KeyError =>
  new KeyError(
    'BlockInvalid',
    `the key block ${name} is refused: ${why}`,
    'copy back the block from the second region',
    {
      cause,
    },
  );
