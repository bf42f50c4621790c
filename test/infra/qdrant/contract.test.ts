import { spread } from '../../../infra/qdrant/contract.js';

describe('nodes of the vector store', () => {
  it.each([
    [1, [1, 0, 0]],
    [3, [1, 1, 1]],
    [5, [2, 2, 1]],
  ] as const)('%d stand in three zones as %j', (nodes, zones) => {
    expect(spread(nodes, ['a', 'b', 'c'])).toEqual(zones);
  });
});
