import { fateOf, planRefusal } from '../../../operator/tenant/finalize.js';
import { tenantOf } from '../../support/tenants.js';

describe('what becomes of a tenant that is deleted', () => {
  it.each([
    [{}, 'keep'],
    [{ deletionPolicy: 'Erase' }, 'keep'],
    [{ deletionPolicy: 'Erase', erasureGraceDays: 0 }, 'destroy'],
    [{ deletionPolicy: 'Retain', erasureGraceDays: 0 }, 'keep'],
  ])('%j: %s', (spec, fate) => {
    expect(fateOf(tenantOf('acme', spec))).toBe(fate);
  });

  it('is not erased while a hold names it, and is told which', () => {
    const tenant = tenantOf('acme', { deletionPolicy: 'Erase', erasureGraceDays: 0 });
    expect(planRefusal(tenant, ['case-7'])).toMatchObject({
      kind: 'wait',
      reason: 'Held',
      message: expect.stringContaining('case-7'),
    });
    expect(planRefusal(tenant, [])).toBeUndefined();
  });

  it('may go under Retain in spite of a hold: nothing is erased', () => {
    expect(planRefusal(tenantOf('acme'), ['case-7'])).toBeUndefined();
  });

  it('is erased to the end once that has begun, whatever the policy says by then, unless a hold names it', () => {
    for (const deletionPolicy of ['Erase', 'Retain', 'Archive']) {
      const tenant = tenantOf('acme', { deletionPolicy });
      expect([fateOf(tenant, true), planRefusal(tenant, [], true)]).toEqual(['destroy', undefined]);
      expect(planRefusal(tenant, ['case-7'], true)).toMatchObject({ kind: 'wait', reason: 'Held' });
    }
  });

  it('is not told that an archive was made which was not', () => {
    expect(planRefusal(tenantOf('acme', { deletionPolicy: 'Archive' }), [])).toMatchObject({
      kind: 'stalled',
      reason: 'DeletionPolicyNotSupported',
    });
  });
});
