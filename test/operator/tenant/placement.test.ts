import { choosePlacement } from '../../../operator/tenant/placement.js';

const open = (name: string, capacity = 500) => ({ name, capacity, placement: 'Open' as const });

describe('placement', () => {
  it('takes the open database with the fewest tenants, retained ones counted', () => {
    const counts = [
      { database: 'pg-a', state: 'Active' as const, tenants: 3 },
      { database: 'pg-b', state: 'Active' as const, tenants: 1 },
      { database: 'pg-b', state: 'Retained' as const, tenants: 3 },
    ];
    expect(choosePlacement([open('pg-b'), open('pg-a')], counts)).toBe('pg-a');
    expect(choosePlacement([open('pg-b'), open('pg-a'), open('pg-c')], counts)).toBe('pg-c');
  });

  it('takes neither a full nor a draining one', () => {
    const counts = [{ database: 'pg-a', state: 'Active' as const, tenants: 2 }];
    expect(choosePlacement([open('pg-a', 2), { ...open('pg-b'), placement: 'Drain' }], counts)).toBeUndefined();
  });
});
