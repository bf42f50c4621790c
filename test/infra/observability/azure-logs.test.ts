import { estimate } from '../../../stacks/cost/estimate.js';
import { worldOf } from '../../../stacks/proofs/index.js';
import { keyGraph } from '../../../stacks/proofs/key-graph.js';
import { describe as line, validate } from '../../../stacks/spec/validate.js';
import { find, stackOf, synth } from '../../support/stacks.js';

const azure = find('azure-prod');
const dedicated = { ...azure, observability: { ...azure.observability, dedicatedLogs: true } };
const NAME = 'azure-prod-plane';
const evidenceOf = (environment: typeof azure) => {
  const json = stackOf(synth([environment]), NAME);
  const found = keyGraph.prove(worldOf(environment, [{ name: NAME, layer: 'plane', json }]));
  return { json, logs: found.filter(({ address }) => /log_analytics/.test(address)) };
};

describe('logs on Azure', () => {
  it('have a key of Azure’s unless a cluster is bought, and the proofs say so', () => {
    const { logs } = evidenceOf(azure);
    expect(logs).toEqual([
      expect.objectContaining({ verdict: 'pass', value: expect.stringContaining('exempt: LOGS-CMK') }),
    ]);
  });

  it('lie in a cluster of our own under the ops key, if the environment says so, and no exemption is left', () => {
    const { json, logs } = evidenceOf(dedicated);
    expect(logs.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
    expect(JSON.stringify(logs)).not.toContain('exempt');
    const [key] = Object.values(json.resource.azurerm_log_analytics_cluster_customer_managed_key ?? {});
    expect(key).toMatchObject({
      key_vault_key_id: expect.stringMatching(/kms_ops_key_.*versionless_id/),
      lifecycle: { prevent_destroy: true },
    });
    const { lines, problems } = estimate(dedicated, [{ name: NAME, json }]);
    expect(problems).toEqual([]);
    expect(lines.find(({ item }) => item === 'log/dedicated')?.quantity).toBe(30);
  });

  it('are refused a cluster elsewhere', () => {
    const aws = find('aws-prod');
    const given = { ...aws, observability: { ...aws.observability, dedicatedLogs: true } };
    expect(validate([given]).map(line)).toEqual([
      'aws-prod.observability.dedicatedLogs: aws keeps logs under a key of ours as they are (got true; allowed false)',
    ]);
  });
});
