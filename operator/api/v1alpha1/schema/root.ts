import type { Kind } from './kind.js';
import type { Node } from './node.js';

/** A kind's whole object as one schema: what rules on the object see as `self`. */
export const rootNode = ({ description, spec, status, rules }: Kind): Node => {
  // TypeBox's schemas are these nodes; its types only do not say so.
  const specNode = spec as unknown as Node;
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this object: memplane.dev/v1alpha1.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: {
        type: 'object',
        // Without a bound the API server must assume a name of megabytes when it prices a rule.
        ...(rules.length > 0 ? { properties: { name: { type: 'string', maxLength: 253 } } } : {}),
      },
      spec: specNode,
      ...(status === undefined ? {} : { status: status as unknown as Node }),
    },
    ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
  };
};
