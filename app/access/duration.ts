import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A number and a unit: `90d`, `12h`, `30m`, `45s`, `2w`. */
export const DurationSchema = Type.String({ pattern: '^[0-9]{1,6}[smhdw]$', description: 'for example 90d' });

export const readDuration = (text: string, pointer: string, longestMs: number): number => {
  const ms = Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? 0);
  if (ms <= longestMs) return ms;
  const detail = `${pointer} is ${text}; at most ${Math.floor(longestMs / (UNIT_MS.d ?? 1))}d`;
  throw problem('invalid_request', `The duration is too long: ${detail}.`, {
    errors: [{ pointer, code: 'maximum', detail }],
  });
};
