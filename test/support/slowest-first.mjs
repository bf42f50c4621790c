// The order of the test files: those that start whole clusters go first, so that the last minute is not one worker's.
// Jest goes by size where it has no times of an earlier run, and the longest suites are the shortest files.
import TestSequencer from '@jest/test-sequencer';

const rank = (path) => (path.includes('/test/e2e/') ? 0 : 1);

export default class SlowestFirst extends TestSequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a.path) - rank(b.path));
  }
}
