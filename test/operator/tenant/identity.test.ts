import type { TenantRecord } from '../../../operator/catalogue/catalogue.js';
import { type IdentityPlan, planIdentity } from '../../../operator/tenant/identity.js';

const record = (tenantId: string, state: TenantRecord['state'], name = 'acme'): TenantRecord => ({
  tenantId,
  clusterId: 'test',
  name,
  namespace: `mem-${name}`,
  state,
  tier: 'Pooled',
  plane: 'default',
  database: 'pg-a',
  schema: 't_1',
  credentialSecretUid: undefined,
  bootstrapNamespaceUid: undefined,
  eraseAt: undefined,
  destroyingSince: undefined,
});

const active = record('a', 'Active');
const retained = record('r', 'Retained');
const older = record('o', 'Retained');
const erasing = record('e', 'Erasing');
const halfGone: TenantRecord = { ...record('h', 'Erasing'), destroyingSince: new Date('2026-01-03T00:00:00Z') };

interface Case {
  readonly because: string;
  readonly retainedId?: string;
  readonly reattach?: 'Explicit' | 'SameName';
  readonly sameName?: readonly TenantRecord[];
  readonly byId?: TenantRecord;
  readonly want: Partial<IdentityPlan>;
}

describe('who a tenant is', () => {
  it.each<Case>([
    { because: 'nothing of the name exists: a new one', want: { kind: 'create' } },
    { because: 'it lives already: the same one', sameName: [retained, active], want: { kind: 'use', record: active } },
    {
      because: 'data of the name is kept and the class wants to be asked: refused',
      sameName: [retained],
      want: { kind: 'refuse', reason: 'RetainedDataFound' },
    },
    {
      because: 'data of the name is kept and the class trusts names: it comes back',
      reattach: 'SameName',
      sameName: [retained],
      want: { kind: 'reattach', record: retained },
    },
    {
      because: 'two are kept under the name: a name alone does not say which',
      reattach: 'SameName',
      sameName: [older, retained],
      want: { kind: 'refuse', reason: 'RetainedDataFound' },
    },
    {
      because: 'what is kept under the name is being destroyed: a new one, whatever the class trusts',
      reattach: 'SameName',
      sameName: [halfGone],
      want: { kind: 'create' },
    },
    {
      because: 'one is being destroyed, one is kept whole: that one comes back',
      reattach: 'SameName',
      sameName: [halfGone, retained],
      want: { kind: 'reattach', record: retained },
    },
    {
      because: 'the spec names what is being destroyed: refused',
      retainedId: 'h',
      sameName: [halfGone],
      byId: halfGone,
      want: { kind: 'refuse', reason: 'RetainedDataNotFound' },
    },
    {
      because: 'the spec names one of two: that one',
      retainedId: 'r',
      sameName: [older, retained],
      byId: retained,
      want: { kind: 'reattach', record: retained },
    },
    {
      because: 'within its grace period an erasure can be called back',
      retainedId: 'e',
      sameName: [erasing],
      byId: erasing,
      want: { kind: 'reattach', record: erasing },
    },
    {
      because: 'it came back already: the field stays and means nothing new',
      retainedId: 'a',
      sameName: [active],
      byId: active,
      want: { kind: 'use', record: active },
    },
    {
      because: 'the field names other data than the tenant has',
      retainedId: 'r',
      sameName: [active],
      byId: retained,
      want: { kind: 'refuse', reason: 'BootstrapConflict' },
    },
    {
      because: 'nothing is kept under that id',
      retainedId: 'x',
      want: { kind: 'refuse', reason: 'RetainedDataNotFound' },
    },
    {
      because: 'what was kept under that id has been erased',
      retainedId: 'x',
      byId: record('x', 'Erased'),
      want: { kind: 'refuse', reason: 'RetainedDataNotFound' },
    },
    {
      because: 'the data belongs to another living tenant',
      retainedId: 'b',
      byId: record('b', 'Active', 'globex'),
      want: { kind: 'refuse', reason: 'RetainedDataInUse' },
    },
  ])('$because', ({ retainedId, reattach = 'Explicit', sameName = [], byId, want }) => {
    expect(planIdentity({ name: 'acme', retainedId, reattach }, sameName, byId)).toMatchObject(want);
  });

  it('names the ids that are kept, and what to write', () => {
    const plan = planIdentity(
      { name: 'acme', retainedId: undefined, reattach: 'Explicit' },
      [older, retained],
      undefined,
    );
    expect(plan).toMatchObject({ message: expect.stringMatching(/o, r.*spec\.bootstrap\.retained\.tenantID/) });
  });
});
