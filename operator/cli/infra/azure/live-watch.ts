import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import { type AzureReader, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const each = (value: unknown, path: string): readonly Json[] => (at(value, path) ?? []) as readonly Json[];
const last = (id: string | undefined): string | undefined => id?.split('/').at(-1);

export const WATCH: Readonly<Record<string, AzureReader>> = {
  people: reading('2023-01-01', (group) => ({
    on: at(group, 'properties.enabled') === true,
    people: listed(each(group, 'properties.emailReceivers').map((one) => textAt(one, 'emailAddress'))),
  })),
  event: reading('2020-10-01', (event) => ({
    on: at(event, 'properties.enabled') !== false,
    what: textAt(
      each(event, 'properties.condition.allOf').find(({ field }) => field === 'operationName'),
      'equals',
    ),
    tells: listed(each(event, 'properties.actions.actionGroups').map((one) => last(textAt(one, 'actionGroupId')))),
  })),
  alarm: reading('2018-03-01', (alarm) => {
    const [criterion] = each(alarm, 'properties.criteria.allOf');
    return {
      on: at(alarm, 'properties.enabled') === true,
      metric: textAt(criterion, 'metricName'),
      threshold: numberAt(criterion, 'threshold'),
      tells: listed(each(alarm, 'properties.actions').map((one) => last(textAt(one, 'actionGroupId')))),
    };
  }),
  record: reading('2021-05-01-preview', (record) => ({
    what: listed(
      each(record, 'properties.logs')
        .filter(({ enabled }) => enabled === true)
        .map((one) => textAt(one, 'category') ?? textAt(one, 'categoryGroup')),
    ),
    'written to': last(textAt(record, 'properties.storageAccountId')),
    'and to': last(textAt(record, 'properties.workspaceId')),
  })),
  flows: reading('2024-05-01', (flows) => ({
    on: at(flows, 'properties.enabled') === true,
    'written to': last(textAt(flows, 'properties.storageId')),
  })),
  // Policies are named by Azure, and an account of ours is the source of one at most.
  copy: {
    version: '2023-05-01',
    read: async (ask) => {
      const answer = await ask('');
      const [policy] = each(answer, 'value');
      if (policy === undefined) return undefined;
      return {
        'copied to': last(textAt(policy, 'properties.destinationAccount')),
        containers: listed(
          each(policy, 'properties.rules').map(
            ({ sourceContainer, destinationContainer }) => `${sourceContainer} to ${destinationContainer}`,
          ),
        ),
      };
    },
  },
  zone: reading('2018-05-01', (zone) => ({ kind: textAt(zone, 'properties.zoneType') })),
};
