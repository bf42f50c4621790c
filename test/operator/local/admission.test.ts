import { admissionCases } from '../../charts/admission.cases.js';
import { type AdmissionBench, openAdmissionBench } from '../../support/admission-bench.js';
import { type Embedded, startEmbedded } from './embedded.js';

describe('admission policies on the embedded API server', () => {
  let embedded: Embedded;
  let bench: AdmissionBench;

  beforeAll(async () => {
    embedded = await startEmbedded();
    bench = await openAdmissionBench(embedded.kubeconfig);
  });
  afterAll(async () => {
    await bench?.close();
    await embedded?.stop();
  });

  it.each(admissionCases)('$policy: $title', async (one) => {
    const answer = await bench.attempt(one);
    if (one.refused === undefined) expect(answer).toBeUndefined();
    else expect(answer).toMatch(one.refused);
  });
});
