import type { K8sObject } from '../object.js';
import { buildAdmission } from './admission.js';
import { buildOperatorAccess } from './operator-access.js';
import { buildOperatorDeployment } from './operator-deployment.js';
import { buildOperatorNamespace, buildOperatorServiceAccount } from './operator-namespace.js';
import type { PlatformOptions } from './options.js';

/** What a cluster needs beside the resource definitions, in the order in which it is applied: guards first, then who they guard against. */
export const buildPlatform = (o: PlatformOptions): readonly K8sObject[] => [
  buildOperatorNamespace(),
  ...buildAdmission(),
  buildOperatorServiceAccount(),
  ...buildOperatorAccess(),
  buildOperatorDeployment(o),
];
