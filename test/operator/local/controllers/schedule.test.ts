import { resolveDue } from '../../../../operator/local/controllers/schedule.js';

const spec = (schedule: string, extra = {}) => ({ schedule, jobTemplate: {}, ...extra });
const at = (time: string): Date => new Date(time);

describe('a schedule', () => {
  it.each([
    ['*/5 * * * *', {}, '2030-01-01T00:04:00Z', '2030-01-01T00:04:59Z', undefined, 1_000, 'nothing has passed'],
    [
      '*/5 * * * *',
      {},
      '2030-01-01T00:04:00Z',
      '2030-01-01T00:05:00Z',
      '2030-01-01T00:05:00Z',
      300_000,
      'now is on time',
    ],
    [
      '*/5 * * * *',
      {},
      '2030-01-01T00:00:00Z',
      '2030-01-01T00:17:00Z',
      '2030-01-01T00:15:00Z',
      180_000,
      'only the last missed one counts',
    ],
    [
      '*/5 * * * *',
      { startingDeadlineSeconds: 60 },
      '2030-01-01T00:00:00Z',
      '2030-01-01T00:17:00Z',
      undefined,
      180_000,
      'too late is missed',
    ],
    [
      '0 2 * * *',
      { timeZone: 'Europe/Berlin' },
      '2030-01-01T00:00:00Z',
      '2030-01-01T01:00:30Z',
      '2030-01-01T01:00:00Z',
      86_370_000,
      'two in Berlin is one in UTC',
    ],
  ])('%s %j after %s is, at %s, due at %s and next in %i ms: %s', (schedule, extra, last, now, due, next, _because) => {
    const result = resolveDue(spec(schedule, { timeZone: 'Etc/UTC', ...extra }), at(last), at(now));
    expect(result).toEqual({ at: due === undefined ? undefined : at(due), nextInMs: next });
  });

  it('that is none is refused', () => {
    expect(() => resolveDue(spec('every day'), at('2030-01-01T00:00:00Z'), at('2030-01-01T00:00:00Z'))).toThrow(
      'every day',
    );
  });
});
