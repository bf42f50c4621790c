import { pathValue, pathValues, withPathValue } from '../../../../../operator/local/api-server/tables/json-path.js';

const object = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Held', status: 'False' },
    ],
  },
};

describe('the path of a printer column', () => {
  it.each([
    ['.status.conditions[?(@.type=="Ready")].status', 'True'],
    [`.status.conditions[?(@.type=='Held')].status`, 'False'],
    ['.status.conditions[1].type', 'Held'],
    ['.status.conditions[-1].type', 'Held'],
    ['.metadata.annotations.a\\.b/c', 'x'],
    [".metadata.annotations['a.b/c']", 'x'],
    ['.status.none.deeper', undefined],
  ])('%s', (path, value) => {
    expect(pathValue(object, path)).toBe(value);
  });

  it('finds all of many', () => {
    expect(pathValues(object, '.status.conditions[*].type')).toEqual(['Ready', 'Held']);
  });

  it('is written without touching the original', () => {
    const changed = withPathValue({ spec: { a: 1 } }, '.spec.size', 3);
    expect(changed).toEqual({ spec: { a: 1, size: 3 } });
    expect(withPathValue({}, '.spec.deep.size', 1)).toEqual({ spec: { deep: { size: 1 } } });
  });
});
