const named = { type: 'string' };

const spec = {
  type: 'object',
  'x-kubernetes-validations': [
    { rule: '!has(self.min) || self.min <= self.size', message: 'min is above size' },
    { rule: "self.opt != 'fail'", messageExpression: "'opt is ' + self.opt" },
    { rule: "!has(self.ghost) || self.labels['missing'] == 'x'", message: 'ghost needs a label' },
  ],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
    min: { type: 'integer' },
    opt: { type: 'string', default: 'x' },
    ghost: { type: 'boolean' },
    mode: {
      type: 'string',
      enum: ['A', 'B'],
      default: 'A',
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'mode is immutable' }],
    },
    optional: {
      type: 'string',
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'optional is fixed' }],
    },
    name: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 5 },
    when: { type: 'string', format: 'date-time' },
    port: { 'x-kubernetes-int-or-string': true },
    maybe: { type: 'string', nullable: true },
    any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    tags: { type: 'array', maxItems: 3, 'x-kubernetes-list-type': 'set', items: named },
    steps: { type: 'array', items: named },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: named,
          value: named,
          sub: { type: 'object', properties: { depth: { type: 'integer', default: 7 } } },
        },
      },
    },
    labels: { type: 'object', maxProperties: 3, additionalProperties: named },
    needs: { type: 'object', required: ['a'], properties: { a: named, b: named } },
    wait: { type: 'string', 'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1s')" }] },
  },
};

const status = {
  type: 'object',
  properties: {
    phase: named,
    replicas: { type: 'integer' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: { type: 'object', required: ['type'], properties: { type: named, status: named } },
    },
  },
};

/** A kind that has one of everything. */
export const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.conformance.dev' },
  spec: {
    group: 'conformance.dev',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas' } },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Mode', type: 'string', jsonPath: '.spec.mode', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            'x-kubernetes-validations': [{ rule: "!self.metadata.name.startsWith('bad')", message: 'bad name' }],
            properties: { spec, status },
          },
        },
      },
    ],
  },
};

export const widget = (name: string, fields: object = {}, metadata: object = {}): object => ({
  apiVersion: 'conformance.dev/v1',
  kind: 'Widget',
  metadata: { name, ...metadata },
  spec: fields,
});

export const configMap = (name: string, data: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

export const deployment = (name: string, fields: object = {}, container: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'example.com/main:1', ...container }] },
    },
    ...fields,
  },
});
