import type {
  MatchCondition,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from 'kubernetes-types/admissionregistration/v1.js';
import type { K8sObject, Wire } from '../object.js';
import { buildClusterMeta } from './labels.js';

const API = 'admissionregistration.k8s.io/v1' as const;

/** `kubernetes-types` 1.30 forgot the field; the wire has it. */
export interface AdmissionRule extends NamedRuleWithOperations {
  readonly resources: string[];
}

export interface AdmissionPolicy {
  readonly name: string;
  readonly rules: readonly AdmissionRule[];
  /** Decide whether the policy looks at a request at all; the cheap question comes first. */
  readonly conditions: readonly MatchCondition[];
  readonly validation: Validation;
}

/** A policy and the binding that makes it refuse. When it cannot be evaluated, the request is refused too. */
export const buildAdmissionPolicy = ({
  name,
  rules,
  conditions,
  validation,
}: AdmissionPolicy): readonly K8sObject[] => [
  {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: buildClusterMeta(name),
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [...rules] },
      ...(conditions.length === 0 ? {} : { matchConditions: [...conditions] }),
      validations: [validation],
    },
  } satisfies Wire<ValidatingAdmissionPolicy>,
  {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: buildClusterMeta(name),
    spec: { policyName: name, validationActions: ['Deny'] },
  } satisfies Wire<ValidatingAdmissionPolicyBinding>,
];
