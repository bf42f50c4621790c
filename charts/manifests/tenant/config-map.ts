import type { ConfigMap } from 'kubernetes-types/core/v1.js';
import { CONFIG_MAP } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildEnvironment, buildPolicies, POLICIES_FILE } from './configuration.js';
import { buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** Upper-case keys become environment; the file's key is no variable name and reaches pods through the mount alone. */
export const buildConfigMap = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: buildTenantMeta(o, CONFIG_MAP, COMPONENTS.memory),
    data: { ...buildEnvironment(o), [POLICIES_FILE]: JSON.stringify(buildPolicies(o)) },
  }) satisfies Wire<ConfigMap>;
