/**
 * A bucket whose objects nobody can change or delete until a date. There is no verb that overwrites, none that deletes, none
 * that lists: an object has one content for ever, so its name has to belong to that content alone.
 */
export interface LockedBucket {
  /** Puts an object, locked until then, where there is none; `there` when there is one, which stays as it is. */
  putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'>;
  /** `undefined` when it is not there; where one may not list, when one may not read it either: both are told alike. */
  get(name: string): Promise<Buffer | undefined>;
  /** Until when nobody can delete it; `undefined` when somebody can, or when it is not there. */
  lockedUntil(name: string): Promise<Date | undefined>;
}
