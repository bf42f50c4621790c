const string = (maxLength: number): object => ({ type: 'string', maxLength });
const optionalName = (maxLength: number): object => ({ type: 'string', minLength: 1, maxLength });
const port = { type: 'integer', format: 'int32', minimum: 1, maximum: 65_535 };

const object = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const list = (items: object, maxItems: number): object => ({ type: 'array', maxItems, items });

const parentRef = object(
  {
    group: { type: 'string', default: 'gateway.networking.k8s.io', maxLength: 253 },
    kind: { type: 'string', default: 'Gateway', minLength: 1, maxLength: 63 },
    namespace: optionalName(63),
    name: optionalName(253),
    sectionName: optionalName(253),
    port,
  },
  ['name'],
);

const match = object({
  path: {
    ...object({
      type: { type: 'string', default: 'PathPrefix', enum: ['Exact', 'PathPrefix', 'RegularExpression'] },
      value: { type: 'string', default: '/', maxLength: 1024 },
    }),
    default: { type: 'PathPrefix', value: '/' },
  },
  headers: {
    ...list(
      object(
        {
          type: { type: 'string', default: 'Exact', enum: ['Exact', 'RegularExpression'] },
          name: optionalName(256),
          value: optionalName(4096),
        },
        ['name', 'value'],
      ),
      16,
    ),
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  },
  method: { type: 'string', enum: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] },
});

const backendRef = object(
  {
    group: { type: 'string', default: '', maxLength: 253 },
    kind: { type: 'string', default: 'Service', minLength: 1, maxLength: 63 },
    namespace: optionalName(63),
    name: optionalName(253),
    port,
    weight: { type: 'integer', format: 'int32', default: 1, minimum: 0, maximum: 1_000_000 },
    filters: list({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, 16),
  },
  ['name'],
);

const rule = object({
  name: optionalName(253),
  matches: { ...list(match, 64), default: [{ path: { type: 'PathPrefix', value: '/' } }] },
  filters: list({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, 16),
  backendRefs: list(backendRef, 16),
  timeouts: object({ request: string(32), backendRequest: string(32) }),
});

const condition = object(
  {
    type: string(316),
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    reason: string(1024),
    message: string(32_768),
    lastTransitionTime: { type: 'string', format: 'date-time' },
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
  },
  ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
);

const status = object(
  {
    parents: list(
      object({ parentRef, controllerName: string(253), conditions: list(condition, 8) }, [
        'parentRef',
        'controllerName',
      ]),
      32,
    ),
  },
  ['parents'],
);

const spec = object({
  hostnames: list(optionalName(253), 16),
  parentRefs: list(parentRef, 32),
  rules: { ...list(rule, 16), default: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] },
});

/** Gateway API's HTTPRoute, the part that we emit, as if its definition had been installed. */
export const HTTP_ROUTES = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'httproutes.gateway.networking.k8s.io',
    annotations: { 'gateway.networking.k8s.io/channel': 'standard' },
  },
  spec: {
    group: 'gateway.networking.k8s.io',
    scope: 'Namespaced',
    names: {
      kind: 'HTTPRoute',
      listKind: 'HTTPRouteList',
      plural: 'httproutes',
      singular: 'httproute',
      categories: ['gateway-api'],
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Hostnames', type: 'string', jsonPath: '.spec.hostnames' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: { openAPIV3Schema: object({ spec, status }, ['spec']) },
      },
    ],
  },
} as const;
