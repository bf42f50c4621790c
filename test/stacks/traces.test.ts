import { withoutTraces } from '../../stacks/traces.js';

it('errors keep their trace, and what works afterwards has them again', () => {
  const capture = Error.captureStackTrace;
  const made = withoutTraces(() => new Error('one'));
  expect(made.stack).toContain('traces.test');
  const fail = (): never => {
    throw made;
  };
  expect(() => withoutTraces(fail)).toThrow('one');
  expect(Error.captureStackTrace).toBe(capture);
});
