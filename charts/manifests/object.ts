/**
 * Builders emit the JSON that goes over the wire, exactly. Typed client models rename `from`, `default` and `enum`,
 * and a NetworkPolicy sent through them allows everything: so the types here come from `kubernetes-types`, which
 * describes the wire, with the two fields that every object must have made required.
 */
export type Wire<T> = T & { readonly apiVersion: string; readonly kind: string };

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Any object that we send to an API server. */
export interface K8sObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}
