/** Part of a statement: says its SQL, giving each of its values to `bind`, which answers `$1`, `$2` and so on. */
export type Condition = (bind: Bind) => string;
export type Bind = (value: unknown) => string;

export const TRUE: Condition = () => 'true';

export const and = (conditions: readonly Condition[]): Condition => join(conditions, ' AND ', 'true');
export const or = (conditions: readonly Condition[]): Condition => join(conditions, ' OR ', 'false');

const join =
  (conditions: readonly Condition[], word: string, none: string): Condition =>
  (bind) =>
    conditions.length === 0 ? none : `(${conditions.map((condition) => condition(bind)).join(word)})`;

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Numbers the values of a whole statement. The same value given twice by the same part of it is numbered twice. */
export const buildStatement = (build: (bind: Bind) => string): Statement => {
  const values: unknown[] = [];
  const text = build((value) => {
    values.push(value);
    return `$${values.length}`;
  });
  return { text, values };
};
