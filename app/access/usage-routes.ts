import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import { dayOf, USAGE_KINDS, type UsageMeter } from './usage.js';

const Day = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}([Tt].*)?$',
  maxLength: 40,
  description: 'a day like 2026-01-31, or a time of it',
});
const Counts = Type.Object(Object.fromEntries(USAGE_KINDS.map((kind) => [kind, Type.Integer()])));
const DAY_MS = 86_400_000;
/** What a page of a browser shows; a longer time is asked for in parts. */
const MAX_DAYS = 400;

export const usageRoutes = (usage: UsageMeter): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/usage',
    operation: 'getUsage',
    summary: 'What the tenant used, a day in UTC; without from and to the last thirty days',
    permission: 'usage.read',
    writes: false,
    query: Type.Object(
      {
        from: Type.Optional(Day),
        to: Type.Optional(Day),
      },
      { additionalProperties: false },
    ),
    responses: {
      200: Type.Object({
        from: Type.String(),
        to: Type.String(),
        totals: Counts,
        days: Type.Array(Type.Object({ day: Type.String(), counts: Counts })),
      }),
    },
    handle: async ({ query }) => {
      const to = query.to === undefined ? dayOf(Date.now()) : readDay(query.to, 'to');
      const from = query.from === undefined ? dayOf(Date.parse(to) - 29 * DAY_MS) : readDay(query.from, 'from');
      checkOrder(from, to);
      const rows = await usage.read(from, to);
      const days = [...new Set(rows.map(({ day }) => day))].map((day) => ({
        day,
        counts: countsOf(rows.filter((row) => row.day === day)),
      }));
      return { status: 200, body: { from, to, totals: countsOf(rows), days } };
    },
  }),
];

const countsOf = (rows: readonly { readonly kind: string; readonly count: number }[]): Record<string, number> =>
  Object.fromEntries(
    USAGE_KINDS.map((kind) => [
      kind,
      rows.filter((row) => row.kind === kind).reduce((sum, { count }) => sum + count, 0),
    ]),
  );

const readDay = (text: string, name: string): string => {
  const time = Date.parse(text.slice(0, 10));
  if (!Number.isNaN(time) && dayOf(time) === text.slice(0, 10)) return dayOf(time);
  throw refuse(name, `/query/${name} is no day of the calendar`);
};

const checkOrder = (from: string, to: string): void => {
  if (from > to) throw refuse('from', '/query/from is later than /query/to');
  if (Date.parse(to) - Date.parse(from) > MAX_DAYS * DAY_MS)
    throw refuse('from', `/query/from is more than ${MAX_DAYS} days before /query/to`);
};

const refuse = (name: string, detail: string) =>
  problem('invalid_request', `The query is not valid: ${detail}.`, {
    errors: [{ pointer: `/query/${name}`, code: 'day', detail }],
  });
