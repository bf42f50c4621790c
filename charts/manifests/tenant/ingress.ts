import type { Ingress, IngressTLS } from 'kubernetes-types/networking/v1.js';
import { DEPLOYMENTS, PORTS, ROUTE, ROUTE_TLS_SECRET } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** For clusters without Gateway API; any class. Nothing in it depends on one controller's annotations. */
export const buildIngress = (o: TenantOptions): K8sObject | undefined =>
  o.gateway.ingressClassName === undefined
    ? undefined
    : ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { ...buildTenantMeta(o, ROUTE, COMPONENTS.memory), ...buildIssuer(o) },
        spec: {
          ingressClassName: o.gateway.ingressClassName,
          tls: [buildTls(o)],
          rules: o.hostnames.map((host) => ({
            host,
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: DEPLOYMENTS.memory, port: { number: PORTS.memory } } },
                },
              ],
            },
          })),
        },
      } satisfies Wire<Ingress>);

/** cert-manager reads the issuer from here and makes the Certificate and its Secret itself. */
function buildIssuer({ gateway: { issuerRef } }: TenantOptions): { annotations?: Record<string, string> } {
  if (issuerRef === undefined) return {};
  const { name, kind, group } = issuerRef;
  if (group === 'cert-manager.io' && kind === 'ClusterIssuer') {
    return { annotations: { 'cert-manager.io/cluster-issuer': name } };
  }
  return {
    annotations: {
      'cert-manager.io/issuer': name,
      'cert-manager.io/issuer-kind': kind,
      'cert-manager.io/issuer-group': group,
    },
  };
}

/** Without an issuer the controller's own certificate serves: never plain HTTP. */
const buildTls = (o: TenantOptions): IngressTLS => ({
  hosts: [...o.hostnames],
  ...(o.gateway.issuerRef === undefined ? {} : { secretName: ROUTE_TLS_SECRET }),
});
