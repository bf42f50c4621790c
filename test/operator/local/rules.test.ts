import { buildCrds } from '../../../operator/api/v1alpha1/crd.js';
import { openRuleBench, type RuleBench } from '../../support/rule-attempt.js';
import { ruleCases } from '../api/rules.cases.js';
import { type Embedded, startEmbedded } from './embedded.js';

describe('the embedded API server keeps our rules', () => {
  let embedded: Embedded;
  let bench: RuleBench;

  beforeAll(async () => {
    embedded = await startEmbedded();
    bench = await openRuleBench(embedded.kubeconfig, buildCrds());
  });
  afterAll(async () => {
    await bench?.close();
    await embedded?.stop();
  });

  it.each(ruleCases)('$rule', async ({ accepted, refused }) => {
    expect(await bench.attempt(accepted)).toBeUndefined();
    const answer = await bench.attempt(refused);
    expect(answer).toMatch(refused.message);
    expect(answer).toContain(refused.field);
  });
});
