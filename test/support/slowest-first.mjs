// The order of the test files: the longest first, so that the last minutes of a run are not one worker's.
// Jest goes by size where it has no times of an earlier run, and the longest suites are among the shortest files.
import TestSequencer from '@jest/test-sequencer';

/** The longest first, as measured; what starts a cluster is kept apart by something that does not. */
const LONGEST = [
  'e2e/embedded',
  'e2e/demo',
  'stacks/main',
  'e2e/demo-endings',
  'app/bad-input',
  'app/search/filter/agreement',
  'app/main',
  'operator/local/kubectl',
  'app/health/router',
  'app/webhooks/webhooks',
  'app/tenancy/vault',
  'architecture',
  'operator/local/node/agent',
  'operator/local/controllers/workloads',
  'operator/local/conformance/embedded',
  'app/archive/archive-log',
  'app/policies/watch',
  'app/policies/switches',
  'app/memories/quota',
  'app/idempotency/idempotency',
  'app/cache/sums',
  'app/vectors/contract',
  'app/memories/row-mac',
  'stacks/stacks',
  'operator/runtime/watch',
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
