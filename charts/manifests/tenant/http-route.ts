import { definedFields } from '../defined.js';
import { DEPLOYMENTS, PORTS, ROUTE } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** The part of Gateway API's `HTTPRoute` v1 that we write; `kubernetes-types` has built-in kinds only. */
interface HttpRoute {
  readonly metadata: object;
  readonly spec: {
    readonly parentRefs: readonly {
      readonly name: string;
      readonly namespace?: string;
      readonly sectionName?: string;
    }[];
    readonly hostnames: readonly string[];
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly type: 'PathPrefix'; readonly value: string } }[];
      readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
    }[];
  };
}

/** TLS ends at the Gateway, whose listeners hold the certificate. */
export const buildHttpRoute = (o: TenantOptions): K8sObject | undefined =>
  o.gateway.parentRefs.length === 0
    ? undefined
    : ({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: buildTenantMeta(o, ROUTE, COMPONENTS.memory),
        spec: {
          parentRefs: o.gateway.parentRefs.map(definedFields),
          hostnames: [...o.hostnames],
          rules: [
            {
              matches: [{ path: { type: 'PathPrefix', value: '/' } }],
              backendRefs: [{ name: DEPLOYMENTS.memory, port: PORTS.memory }],
            },
          ],
        },
      } satisfies Wire<HttpRoute>);
