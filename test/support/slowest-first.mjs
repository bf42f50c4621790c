// The order of the test files: the longest first, so that the last minutes of a run are not one worker's.
// Jest goes by size where it has no times of an earlier run, and the longest suites are among the shortest files.
import TestSequencer from '@jest/test-sequencer';

/** The longest first, as measured; what starts a cluster is kept apart by something that does not. */
const LONGEST = [
  'e2e/embedded',
  'e2e/demo',
  'stacks/main',
  'e2e/demo-endings',
  'app/quality/succession',
  'app/bad-input',
  'operator/local/node/agent',
  'app/idempotency/idempotency',
  'app/remote/remote',
  'operator/cli/infra-verify',
  'app/memories/row-mac',
  'app/search/settled',
  'app/erasure/erasure',
  'app/vectors/contract',
  'app/main',
  'operator/local/kubectl',
  'stacks/stacks',
  'operator/runtime/watch',
  'app/webhooks/webhooks',
  'app/search/filter/agreement',
  'operator/local/postgres/data-folder',
  'app/tenancy/vault',
  'app/health/router',
  'app/archive/archive-log',
  'app/archive/clouds',
  'operator/cli/infra-coverage',
  'operator/local/controllers/workloads',
  'app/embeddings/worker',
  'app/policies/watch',
  'app/audit/log',
  'app/memories/quota',
  'app/policies/switches',
  'app/transfer/transfer',
  'app/app',
  'app/access/rotation',
  'operator/local/conformance/embedded',
  'app/search/modes',
  'app/cache/sums',
  'operator/tenant/tenant-clouds',
  'architecture',
  'real/e2e/real',
  'real/app/schemathesis',
  'real/infra/twin-cdktf',
  'real/conformance/real',
  'real/infra/checkov',
  'real/infra/terraform',
  'real/infra/twin-stacks',
  'real/infra/twin-fidelity',
  'real/infra/plan-offline',
  'real/infra/twin-secrets',
  'real/node/node',
  'real/node/workloads',
].map((name) => `/test/${name}.test.ts`);

const rank = ({ path }) => {
  const at = LONGEST.findIndex((end) => path.endsWith(end));
  return at === -1 ? LONGEST.length : at;
};

export default class SlowestFirst extends TestSequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}
