import { API_GROUP } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import type { Rule } from './schema/field.js';
import { KINDS } from './schema/index.js';
import type { Column, Kind } from './schema/kind.js';
import { type Node, requiredOf, rulesOf } from './schema/node.js';
import { rootNode } from './schema/root.js';

export interface CustomResourceDefinition extends K8sObject {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly spec: {
    readonly group: string;
    readonly scope: Kind['scope'];
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly Version[];
  };
}

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly additionalPrinterColumns: readonly unknown[];
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources?: { readonly status: Readonly<Record<string, never>> };
}

export type StructuralSchema = Readonly<Record<string, unknown>>;

export const VERSION = 'v1alpha1';
const CATEGORY = 'memplane';

/** One for each kind, in the shape that goes over the wire. */
export const buildCrds = (): readonly CustomResourceDefinition[] => KINDS.map(buildCrd);

const buildCrd = (kind: Kind): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${kind.plural}.${API_GROUP}`,
    labels: { 'app.kubernetes.io/name': 'memplane', 'app.kubernetes.io/part-of': 'memplane' },
  },
  spec: {
    group: API_GROUP,
    scope: kind.scope,
    names: {
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      plural: kind.plural,
      singular: kind.singular,
      shortNames: kind.shortNames,
      categories: [CATEGORY],
    },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        additionalPrinterColumns: kind.columns.map(buildColumn),
        schema: { openAPIV3Schema: structuralSchema(rootNode(kind)) },
        ...(kind.status === undefined ? {} : { subresources: { status: {} } }),
      },
    ],
  },
});

const buildColumn = ({ wide, ...column }: Column): unknown => (wide === true ? { ...column, priority: 1 } : column);

/** Said on the field itself, so that `kubectl explain` shows it too. */
const IDLE = 'Nothing acts on it in this version.';

/** What Kubernetes accepts: our own keywords become words, and what has a default is not required. */
export const structuralSchema = (node: Node, inheritedActs = true): StructuralSchema => {
  const acts = node['x-memplane-acts'] ?? inheritedActs;
  const { properties, items, additionalProperties } = node;
  const required = requiredOf(node);
  const rules = rulesOf(node);
  const plain = Object.entries(node).filter(
    ([keyword]) => !REWRITTEN.has(keyword) && !keyword.startsWith('x-memplane-'),
  );
  return {
    ...(node.description === undefined ? {} : { description: acts ? node.description : `${node.description} ${IDLE}` }),
    ...Object.fromEntries(plain),
    ...(rules.length > 0 ? { 'x-kubernetes-validations': rules.map((rule) => buildValidation(node, rule)) } : {}),
    ...(required.length > 0 ? { required } : {}),
    ...(properties === undefined
      ? {}
      : { properties: mapValues(properties, (child) => structuralSchema(child, acts)) }),
    ...(items === undefined ? {} : { items: structuralSchema(items, acts) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: structuralSchema(additionalProperties, acts) }),
  };
};

const REWRITTEN = new Set([
  'description',
  'required',
  'properties',
  'items',
  'additionalProperties',
  'x-kubernetes-validations',
]);

const buildValidation = (node: Node, { rule, message, remedy, reason, fieldPath }: Rule): unknown => ({
  rule,
  message: `${message}; ${remedy}`,
  ...shownValue(node, rule, message, remedy),
  ...(reason === undefined ? {} : { reason }),
  ...(fieldPath === undefined ? {} : { fieldPath }),
});

/**
 * The API server's own answer says "string" where the value should stand, so a rule on a text shows it. (Not on an
 * integer: `string()` of one is priced as if it had no end.)
 */
const shownValue = (node: Node, rule: string, message: string, remedy: string): { messageExpression?: string } => {
  if (node.type !== 'string') return {};
  const was = rule.includes('oldSelf') ? ` + '", was "' + oldSelf` : '';
  return { messageExpression: `${quoted(`${message} (got "`)} + self${was} + ${quoted(`"); ${remedy}`)}` };
};

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const mapValues = <T, U>(record: Readonly<Record<string, T>>, convert: (value: T) => U): Readonly<Record<string, U>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
