/** What is there at once, or comes later. A promise costs a microsecond and a turn of the queue: a short request has no use for ten. */
export type Maybe<T> = T | Promise<T>;

export const isLater = <T>(value: Maybe<T>): value is Promise<T> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';

/** `next` with the value: now when it is there, else when it comes. */
export const after = <T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> =>
  isLater(value) ? value.then(next) : next(value);
