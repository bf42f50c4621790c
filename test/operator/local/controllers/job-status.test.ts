import type { JobSpec } from 'kubernetes-types/batch/v1.js';
import {
  buildJobStatus,
  countPods,
  judgeJob,
  wantedActive,
} from '../../../../operator/local/controllers/job-status.js';
import type { LiveJob, LivePod } from '../../../../operator/local/kinds.js';
import { buildPod } from '../node/pods.js';

const now = new Date('2030-01-01T00:00:00Z');
const job = (spec: Partial<JobSpec> = {}, status: LiveJob['status'] = {}): LiveJob => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'shop', uid: 'u', resourceVersion: '1' },
  spec: { template: { spec: { containers: [], restartPolicy: 'Never' } }, ...spec },
  status,
});
const pods = (...phases: readonly string[]): readonly LivePod[] =>
  phases.map((phase) => ({ ...buildPod(), status: { phase } }));
const judge = (one: LiveJob, ...phases: readonly string[]) =>
  judgeJob(one, countPods(one, pods(...phases)), now)?.reason;

describe('a job', () => {
  it.each([
    [{}, ['Succeeded'], 'CompletionsReached', 'one success is the default'],
    [{ completions: 2 }, ['Succeeded'], undefined, 'one more is needed'],
    [{ completions: 2, parallelism: 2 }, ['Succeeded', 'Succeeded'], 'CompletionsReached', 'both are there'],
    [{ parallelism: 3 }, ['Succeeded', 'Running'], undefined, 'a work queue ends with its last pod'],
    [{ parallelism: 3 }, ['Succeeded', 'Failed'], 'CompletionsReached', 'one success says that the queue is empty'],
    [{ backoffLimit: 1 }, ['Failed'], undefined, 'one failure is allowed'],
    [{ backoffLimit: 1 }, ['Failed', 'Failed'], 'BackoffLimitExceeded', 'two are not'],
    [{ backoffLimit: 0 }, ['Failed'], 'BackoffLimitExceeded', 'none is allowed'],
  ])('%j with pods %j is %s, because %s', (spec, phases, reason, _because) => {
    expect(judge(job(spec), ...phases)).toBe(reason);
  });

  it('is over when it was active for too long', () => {
    const spec = { activeDeadlineSeconds: 60 };
    expect(judge(job(spec, { startTime: '2029-12-31T23:59:30Z' }), 'Running')).toBeUndefined();
    expect(judge(job(spec, { startTime: '2029-12-31T23:58:59Z' }), 'Running')).toBe('DeadlineExceeded');
  });

  it('pays its limit with restarts inside a pod when it restarts in place', () => {
    const inPlace = job({ backoffLimit: 2, template: { spec: { containers: [], restartPolicy: 'OnFailure' } } });
    const restarted = {
      ...buildPod(),
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'm', image: '', imageID: '', ready: false, restartCount: 3 }],
      },
    };
    expect(judgeJob(inPlace, countPods(inPlace, [restarted]), now)?.reason).toBe('BackoffLimitExceeded');
  });

  it('runs as many pods as are allowed and still needed', () => {
    const wanted = (spec: Partial<JobSpec>, ...phases: readonly string[]): number =>
      wantedActive(job(spec), countPods(job(spec), pods(...phases)));
    expect(wanted({})).toBe(1);
    expect(wanted({ completions: 5, parallelism: 2 }, 'Succeeded')).toBe(2);
    expect(wanted({ completions: 3, parallelism: 2 }, 'Succeeded', 'Succeeded')).toBe(1);
    expect(wanted({ parallelism: 2 })).toBe(2);
    expect(wanted({ parallelism: 2 }, 'Succeeded', 'Running')).toBe(1);
  });

  it('never counts less than before, even when pods are deleted', () => {
    const before = job({ completions: 3 }, { succeeded: 2, failed: 1 });
    expect(countPods(before, [])).toMatchObject({ succeeded: 2, failed: 1 });
  });

  it('says when it is suspended, and when it goes on', () => {
    const suspended = buildJobStatus(job({ suspend: true }), countPods(job(), []), undefined, now);
    expect(suspended).toMatchObject({ conditions: [{ type: 'Suspended', status: 'True' }] });
    expect(suspended.startTime).toBeUndefined();
    const resumed = buildJobStatus(job({}, suspended), countPods(job(), []), undefined, now);
    expect(resumed.conditions).toMatchObject([{ type: 'Suspended', status: 'False' }]);
  });
});
