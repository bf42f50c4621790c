import type { K8sObject } from '../../charts/manifests/object.js';

/**
 * A stand-in for Gateway API's HTTPRoute, which no API server has by itself and no registry hands out: it keeps the
 * kind and its path and accepts any content. What we write into a route is checked by our own tests, not by this.
 */
export const HTTP_ROUTE_STAND_IN: K8sObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'httproutes.gateway.networking.k8s.io',
    // A group of Kubernetes' own wants to know who approved it; nobody did, this is a test.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, stand-in of a test' },
  },
  spec: {
    group: 'gateway.networking.k8s.io',
    scope: 'Namespaced',
    names: { kind: 'HTTPRoute', plural: 'httproutes', singular: 'httproute', listKind: 'HTTPRouteList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
