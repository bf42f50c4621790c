import { buildKms } from '../../../infra/kms/index.js';
import { FLOWS, withNetworkDefaults } from '../../../infra/network/contract.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { networkConfig } from '../units.js';

const config = (cloud: 'aws' | 'azure') => {
  const stack = emptyStack();
  const { keys } = buildKms(stack, 'kms', {
    site: SITES[cloud],
    name: NAMES[cloud].keys,
    purposes: ['ops', 'audit'],
    tags: TAGS,
  });
  return { ...networkConfig(cloud, keys.ops), audit: keys.audit };
};

describe('a network', () => {
  it('has a way out in each zone, lets nothing out and logs for 400 days unless told otherwise', () => {
    expect(withNetworkDefaults(config('aws'))).toMatchObject({
      natPerZone: true,
      egress: [],
      biSourceCidrs: [],
      flowLogDays: 400,
    });
  });

  it('lets pods to four listeners, reports to one, and knows no other source', () => {
    expect(FLOWS.map(({ from, to }) => `${from} > ${to}`)).toEqual([
      'nodes > postgres',
      'nodes > reader',
      'bi > reader',
      'nodes > redis',
      'nodes > endpoints',
    ]);
  });

  const aws = config('aws');
  it.each([
    {
      given: { egress: [{ name: 'all', cidr: '0.0.0.0/0', ports: [443] }] },
      says: 'network memplane-test.egress all: egress needs a named destination (got "0.0.0.0/0"); name its range',
    },
    {
      given: { egress: [{ name: 'llm', cidr: '203.0.113.0/24', ports: [] }] },
      says: 'network memplane-test.egress llm.ports: nothing is let out (got []); name a port',
    },
    {
      given: { biSourceCidrs: ['0.0.0.0/0'] },
      says: 'network memplane-test.biSourceCidrs: the internet never reaches data (got "0.0.0.0/0")',
    },
    { given: { flowLogDays: 0 }, says: 'network memplane-test.flowLogDays: every connection is logged (got 0)' },
    { given: { key: aws.audit }, says: 'network memplane-test.key: logs have a key of their own (got "audit")' },
  ])('is refused: $says', ({ given, says }) => {
    expect(() => withNetworkDefaults({ ...aws, ...given })).toThrow(says);
  });

  it('on Azure is refused without an account for its logs', () => {
    const { flowLogsTo: _, ...without } = config('azure');
    expect(() => withNetworkDefaults(without)).toThrow(
      'network memplane-test.flowLogsTo: every connection is logged (got nothing); pass logTarget of the access-log bucket',
    );
  });
});
