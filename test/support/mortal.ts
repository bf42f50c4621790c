/** What a process that was killed says to whoever still calls it; nothing reaches the outside any more. */
export class Killed extends Error {
  constructor() {
    super('the process was killed');
    this.name = 'Killed';
  }
}

export interface Life {
  /** The same object, before each call of which the process may die. */
  mortal<T extends object>(target: T): T;
}

/**
 * A process that dies at its n-th moment, and stays dead. Moments are before calls to the outside: to die after the effect of
 * one is to die before the next.
 */
export function lifeUntil(moment: number): Life {
  let moments = 0;
  const tick = (): void => {
    moments += 1;
    if (moments >= moment) throw new Killed();
  };
  const calling =
    (of: (...args: readonly unknown[]) => unknown) =>
    async (...args: readonly unknown[]) => {
      tick();
      return of(...args);
    };
  return {
    mortal: (target) =>
      new Proxy(target, {
        get: (on, name) => {
          const value: unknown = Reflect.get(on, name);
          return typeof value === 'function' ? calling(value.bind(on)) : value;
        },
      }),
  };
}
