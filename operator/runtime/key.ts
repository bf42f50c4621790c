import type { ObjectRef } from '../clients/kube.js';

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

/** `name`, or `namespace/name`: unique within one kind. */
export const keyOf = ({ metadata: { name, namespace } }: Named): string =>
  namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;

export const splitKey = (key: string): { readonly name: string; readonly namespace?: string } => {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

/** `Kind name` or `Kind namespace/name`, as messages say it. */
export const nameOf = ({ resource, name, namespace }: ObjectRef): string =>
  `${resource.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
