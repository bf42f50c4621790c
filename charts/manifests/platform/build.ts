import type { K8sObject } from '../object.js';
import { buildAdmission } from './admission.js';
import { buildOperatorAccess } from './operator-access.js';
import { buildOperatorDeployment } from './operator-deployment.js';
import { buildOperatorNamespace, buildOperatorServiceAccount } from './operator-namespace.js';
import type { PlatformOptions } from './options.js';

/** What a cluster needs beside the resource definitions, in order: the guards first, then whom they guard against. */
export const buildPlatform = (o: PlatformOptions): readonly K8sObject[] => [
  buildOperatorNamespace(),
  ...buildAdmission(),
  ...buildOperator(o),
];

/** The operator alone, for whoever applies the guards by themselves. */
export const buildOperator = (o: PlatformOptions): readonly K8sObject[] => [
  buildOperatorServiceAccount(),
  ...buildOperatorAccess(),
  buildOperatorDeployment(o),
];
