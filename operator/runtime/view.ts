/** What a decision asks of the mirror of a kind; a reflector is one. */
export interface View<T> {
  get(key: string): T | undefined;
  list(): readonly T[];
}
