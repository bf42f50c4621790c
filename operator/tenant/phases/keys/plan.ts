export interface KeysObservation {
  /** Where a keyring of this tenant lies now. */
  readonly atNamespace: boolean;
  readonly retained: boolean;
  /** The tenant has data whose keys must exist: it was placed before. */
  readonly hasData: boolean;
}

export type KeysAction =
  | { readonly action: 'birth'; readonly because: string }
  | { readonly action: 'moveBack'; readonly because: string }
  | { readonly action: 'none'; readonly because?: undefined }
  | { readonly action: 'refuse'; readonly because: string };

const DAY_MS = 86_400_000;

/** Of a keyring that a pod has completed: before that nobody could take a new key up. */
export const isRotationDue = (
  { epoch, rotatedTime }: { readonly epoch: number; readonly rotatedTime: string },
  days: number,
  now: Date,
): boolean => epoch > 0 && now.getTime() - Date.parse(rotatedTime) >= days * DAY_MS;

/**
 * A keyring is born once. When data exists and its keyring does not, a new one would hide a loss: everything sealed
 * before would be unreadable, so a person must decide.
 */
export function planKeys(observed: KeysObservation): KeysAction {
  // Also when both are there: a move that was cut off is finished, never forgotten.
  if (observed.retained) return { action: 'moveBack', because: 'the tenant came back to what was retained' };
  if (observed.atNamespace) return { action: 'none' };
  if (observed.hasData) return { action: 'refuse', because: 'its data exists, its keyring does not' };
  return { action: 'birth', because: 'the tenant is new' };
}
