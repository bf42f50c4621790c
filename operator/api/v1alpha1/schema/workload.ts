import { Type } from '@sinclair/typebox';
import { EXPECTS, group, integer, optional, percent } from './field.js';

const QUANTITY = '^([0-9]+([.][0-9]+)?|[.][0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$';

/** `cpu: 2` and `cpu: "500m"` are both what people write. */
export const quantity = (description: string, options: { readonly acts?: boolean } = {}) =>
  Type.Unsafe<string | number>({
    description: `${description} A quantity such as 500m, 2 or 10Gi.`,
    ...(options.acts === false ? { 'x-memplane-acts': false } : {}),
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    maxLength: 24,
    pattern: QUANTITY,
    [EXPECTS]: 'a quantity of Kubernetes, such as 500m, 2 or 10Gi',
  });

export const MAX_REPLICAS = 1000;

export const scaling = (service: string) =>
  group(
    `How many pods of ${service} run. Equal minimum and maximum means no autoscaler.`,
    {
      minReplicas: optional(integer('Fewest pods. Unset: what the size says.', { minimum: 1, maximum: MAX_REPLICAS })),
      maxReplicas: optional(integer('Most pods. Unset: what the size says.', { minimum: 1, maximum: MAX_REPLICAS })),
      targetCPUUtilizationPercentage: optional(
        percent('CPU use, in percent of the request, that the autoscaler aims at.', { minimum: 1 }),
      ),
      targetMemoryUtilizationPercentage: optional(
        percent('Memory use, in percent of the request, that the autoscaler aims at.', { minimum: 1 }),
      ),
    },
    {
      rules: [
        {
          rule: '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
          message: 'scaling.minReplicas is greater than scaling.maxReplicas',
          remedy: 'raise maxReplicas or lower minReplicas',
        },
      ],
    },
  );

const amounts = (description: string) =>
  group(description, { cpu: optional(quantity('CPU.')), memory: optional(quantity('Memory.')) });

export const resources = (service: string) =>
  group(`CPU and memory of one pod of ${service}. Unset: what the size says.`, {
    requests: optional(amounts('What a pod is guaranteed.')),
    limits: optional(amounts('What a pod may use at most.')),
  });
