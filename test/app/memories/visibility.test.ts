import fc from 'fast-check';
import pg from 'pg';
import { buildStatement } from '../../../app/db/condition.js';
import { VISIBLE, type Viewer, viewerValues } from '../../../app/memories/store.js';
import { maySee, visibleTo } from '../../../app/memories/visibility.js';
import { testCluster } from '../../support/postgres.js';

const REFS = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
const ref = fc.constantFrom(...REFS);
const owner = fc.option(ref, { nil: null });
const rows = fc.array(
  fc.record({ scope: fc.integer({ min: 0, max: 3 }), user: owner, team: owner, organization: owner }),
  {
    minLength: 20,
    maxLength: 40,
  },
);
const viewer: fc.Arbitrary<Viewer> = fc.record({
  userRef: owner,
  teamRefs: fc.uniqueArray(ref),
  organizationRefs: fc.uniqueArray(ref),
  allOf: fc.subarray([0, 1, 2, 3]),
  scopes: fc.subarray([0, 1, 2, 3]),
});

it('what a viewer may see is the same written out for one, asked of all, and said of a row at hand', async () => {
  const client = new pg.Client({ connectionString: (await testCluster()).adminUrl });
  await client.connect();
  const seen = async (list: readonly object[], condition: string, values: readonly unknown[]) => {
    const table = `(SELECT n, (row->>'scope')::int AS scope, (row->>'user')::uuid AS user_ref, (row->>'team')::uuid AS team_ref,
      (row->>'organization')::uuid AS organization_ref FROM json_array_elements('${JSON.stringify(list)}') WITH ORDINALITY AS item (row, n))`;
    const found = await client.query(`SELECT n FROM ${table} AS memories WHERE ${condition} ORDER BY n`, [...values]);
    return found.rows.map(({ n }) => Number(n));
  };
  try {
    await fc.assert(
      fc.asyncProperty(rows, viewer, async (list, who) => {
        const { text, values } = buildStatement(visibleTo(who));
        const all = await seen(list, VISIBLE, viewerValues(who));
        expect(await seen(list, text, values)).toEqual(all);
        const atHand = list.map(({ scope, user, team, organization }) =>
          maySee(who, { scope, user_ref: user, team_ref: team, organization_ref: organization }),
        );
        expect(atHand.flatMap((may, index) => (may ? [index + 1] : []))).toEqual(all);
      }),
      { numRuns: 100, seed: 20261121 },
    );
  } finally {
    await client.end();
  }
}, 60_000);
