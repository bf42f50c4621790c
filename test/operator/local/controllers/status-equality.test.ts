import { isSameStatus } from '../../../../operator/local/controllers/status-equality.js';

describe('two statuses', () => {
  it.each([
    [{ replicas: 0, conditions: [] }, undefined, false],
    [{ replicas: 0, conditions: [] }, {}, true],
    [{ replicas: 1 }, { replicas: 1, ready: 0, message: '' }, true],
    [{ replicas: 1 }, { replicas: 2 }, false],
    [{ conditions: [{ type: 'A', message: '' }] }, { conditions: [{ type: 'A' }] }, true],
    [{ conditions: [{ type: 'A' }, { type: 'B' }] }, { conditions: [{ type: 'A' }] }, false],
  ])('%j and %j say the same: %s', (a, b, same) => {
    expect(isSameStatus(a, b)).toBe(same);
  });
});
