import { memoryPlane } from '../../../operator/api/v1alpha1/schema/memory-plane.js';
import { validateKind } from '../../../operator/api/v1alpha1/validate.js';
import { foldPlaneStatus, type StoreFinding } from '../../../operator/plane/status.js';
import { wait } from '../../../operator/runtime/outcome.js';
import { planeOf } from '../../support/tenants.js';

const now = new Date('2026-01-02T03:04:05Z');
const later = new Date('2026-01-02T04:00:00Z');
const postgres: StoreFinding = { kind: 'postgres', name: 'pg-a', reachable: true, version: '18.4', problem: undefined };
const away = wait('DatabaseUnreachable', 'pg-a does not answer');
const counts = [
  { database: 'pg-a', state: 'Active' as const, tenants: 3 },
  { database: 'pg-a', state: 'Retained' as const, tenants: 1 },
];

describe('the status of a plane', () => {
  it('counts tenants and says that every store answers', () => {
    expect(foldPlaneStatus(planeOf(), [postgres], counts, now)).toMatchObject({
      tenants: 3,
      retainedTenants: 1,
      stores: [
        { name: 'pg-a', reachable: true, version: '18.4', tenants: 4, observedTime: '2026-01-02T03:04:05.000Z' },
      ],
      conditions: [{ type: 'Ready', status: 'True', reason: 'Ready' }],
    });
  });

  it('is the same text when nothing changed', () => {
    const first = foldPlaneStatus(planeOf(), [postgres], counts, now);
    expect(foldPlaneStatus({ ...planeOf(), status: first }, [postgres], counts, later)).toEqual(first);
  });

  it('says which store is away, and keeps the last count', () => {
    const first = foldPlaneStatus(planeOf(), [postgres], counts, now);
    const problem = away.kind === 'done' ? undefined : away;
    const finding = { ...postgres, reachable: false, version: undefined, problem };
    const status = foldPlaneStatus({ ...planeOf(), status: first }, [finding], undefined, later);
    expect(status).toMatchObject({
      tenants: 3,
      conditions: [{ status: 'False', reason: 'DatabaseUnreachable', message: 'pg-a does not answer' }],
      stores: [{ reachable: false }],
    });
    expect(validateKind(memoryPlane, { ...planeOf(), status })).toEqual([]);
  });
});
