import { planRows } from '../../../operator/runtime/apply-order.js';

const kinds = (...names: readonly string[]) => names.map((kind) => ({ kind }));

describe('the order in which objects are applied', () => {
  it('puts whatever is needed before what needs it, whatever order it is given in', () => {
    const rows = planRows(
      kinds(
        'HTTPRoute',
        'Deployment',
        'Service',
        'RoleBinding',
        'Role',
        'Secret',
        'ServiceAccount',
        'NetworkPolicy',
        'Namespace',
      ),
    );
    expect(rows.map((row) => row.map(({ kind }) => kind).sort())).toEqual([
      ['Namespace'],
      ['NetworkPolicy'],
      ['Role', 'Secret', 'ServiceAccount'],
      ['RoleBinding'],
      ['Service'],
      ['Deployment'],
      ['HTTPRoute'],
    ]);
  });

  it('closes the doors of a namespace before a pod can start in it', () => {
    const order = planRows(kinds('Deployment', 'NetworkPolicy')).flat();
    expect(order.map(({ kind }) => kind)).toEqual(['NetworkPolicy', 'Deployment']);
  });

  it('puts kinds that it does not know last', () => {
    expect(planRows(kinds('Whatever', 'Deployment')).flat().at(-1)).toEqual({ kind: 'Whatever' });
  });
});
