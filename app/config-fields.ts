import { Type } from '@sinclair/typebox';

export interface Notes {
  readonly description: string;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** Its value is never printed. */
  readonly secret?: boolean;
  /** What to do instead, by a value that somebody is likely to try. */
  readonly instead?: Readonly<Record<string, string>>;
}

export const text = (pattern: string, notes: Notes, rest: { readonly default?: string } = {}) =>
  Type.String({ pattern, ...notes, ...rest });

export const integer = (minimum: number, maximum: number, fallback: number, description: string) =>
  Type.Integer({ minimum, maximum, default: fallback, description, allowed: `${minimum} to ${maximum}` });

interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly to: number;
  readonly default: number;
}

export const number = ({ from, above, to, default: fallback }: Range, description: string) =>
  Type.Number({
    ...(above === undefined ? { minimum: from ?? 0 } : { exclusiveMinimum: above }),
    maximum: to,
    default: fallback,
    description,
    allowed: above === undefined ? `${from ?? 0} to ${to}` : `more than ${above}, up to ${to}`,
  });

export const flag = (fallback: boolean, description: string) =>
  Type.Boolean({ default: fallback, description, allowed: 'true or false' });

export const choice = (
  values: readonly string[],
  fallback: string,
  description: string,
  instead: Readonly<Record<string, string>> = {},
) => Type.String({ enum: values, default: fallback, description, allowed: values.join(', '), instead });

export const databaseUrl = (description: string) =>
  text('^postgres(ql)?://.+', { description, allowed: 'postgres://user:password@host:port/database', secret: true });
