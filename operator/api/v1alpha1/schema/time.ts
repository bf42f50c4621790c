import { type Rule, text } from './field.js';

/** GEP-2257: at most four pairs of number and unit, no sign, no fraction. */
const DURATION = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';

interface DurationOptions {
  readonly default?: string;
  readonly acts?: boolean;
  /** @default '1s' */
  readonly atLeast?: string;
}

export const duration = (name: string, description: string, options: DurationOptions = {}) => {
  const { atLeast = '1s', ...rest } = options;
  return text(`${description} A duration such as 90s, 5m or 24h, at least ${atLeast}.`, {
    ...rest,
    maxLength: 32,
    pattern: DURATION,
    expects: 'a duration of numbers with units h, m, s or ms, such as 90s, 5m or 1h30m',
    // Nothing is shorter than nothing: a rule that cannot be broken only costs.
    ...(atLeast === '0s' ? {} : { rules: [lowerBound(name, atLeast)] }),
  });
};

const lowerBound = (name: string, atLeast: string): Rule => ({
  rule: `duration(self) >= duration('${atLeast}')`,
  message: `${name} is shorter than ${atLeast}`,
  remedy: `give at least ${atLeast}`,
});

/** One of the five fields: a comma list of `*`, a value or a range, each with an optional step. */
const cronField = (value: string): string => {
  const item = `(\\*|(${value})(-(${value}))?)(/[1-9][0-9]?)?`;
  return `${item}(,${item})*`;
};
/** A flag for it would be read differently by the engines that read this: RE2 and JavaScript's. */
const anyCase = (names: string): string => names.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
const MINUTE = '[0-5]?[0-9]';
const HOUR = '[01]?[0-9]|2[0-3]';
const DAY_OF_MONTH = '0?[1-9]|[12][0-9]|3[01]';
const MONTH = `0?[1-9]|1[0-2]|${anyCase('JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC')}`;
const DAY_OF_WEEK = `[0-7]|${anyCase('SUN|MON|TUE|WED|THU|FRI|SAT')}`;
export const CRON = `^${[MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK].map(cronField).join(' ')}$`;

/** The ranges of all five fields are checked when it is written; a date that never comes is for the operator to report. */
export const cron = (name: string, description: string, options: { readonly acts?: boolean } = {}) =>
  text(`${description} Five fields as in cron: minute hour day-of-month month day-of-week.`, {
    ...options,
    maxLength: 100,
    rules: [
      {
        rule: `self.matches('${CRON.replaceAll('\\', '\\\\')}')`,
        message: `${name} is not a cron schedule of five fields in range (minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7)`,
        remedy: 'write it as "0 2 * * *" (daily at 02:00)',
      },
    ],
  });

export const timeZone = (description: string, options: { readonly default?: string; readonly acts?: boolean } = {}) =>
  text(`${description} An IANA name such as Europe/Berlin.`, {
    ...options,
    maxLength: 64,
    pattern: '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$',
    expects: 'the IANA name of a time zone, such as Etc/UTC or Europe/Berlin',
  });

export const clock = (description: string, options: { readonly default?: string; readonly acts?: boolean } = {}) =>
  text(`${description} A time of day, HH:MM.`, {
    ...options,
    maxLength: 5,
    pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
    expects: 'a time of day as HH:MM, such as 01:00',
  });

export const timestamp = (description: string) =>
  text(description, {
    maxLength: 64,
    format: 'date-time',
    expects: 'a time as RFC 3339 writes it, such as 2030-01-31T02:00:00Z',
  });
