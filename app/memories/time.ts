import { problem } from '../http/errors.js';

/** Microseconds, as everywhere in our formats; the clock of this process gives milliseconds. */
export const formatTime = (time: Date): string => `${time.toISOString().slice(0, -1)}000Z`;

let last = { at: Number.NaN, text: '' };
/** The time now; many requests share a millisecond. */
export const formatNow = (): string => {
  const at = Date.now();
  if (at !== last.at) last = { at, text: formatTime(new Date(at)) };
  return last.text;
};
export const formatOptionalTime = (time: Date | null): string | null => (time === null ? null : formatTime(time));

/** A text that has the form of a time already: whether the day exists is what is left to check. */
export const readTime = (pointer: string, text: string | null | undefined): Date | null => {
  if (text === null || text === undefined) return null;
  const time = new Date(text.toUpperCase());
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  const lastDay = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  if (!Number.isNaN(time.getTime()) && (day ?? 0) <= lastDay) return time;
  const detail = `${pointer} is not a time that exists`;
  throw problem('invalid_request', `${pointer.slice(1)} is not a time that exists.`, {
    errors: [{ pointer, code: 'time', detail }],
  });
};
