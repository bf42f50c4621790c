import { FIELD_MANAGER, TENANT_LABEL } from '../../charts/manifests/names.js';
import type { K8sObject } from '../../charts/manifests/object.js';
import { buildTenantLabels } from '../../charts/manifests/tenant/labels.js';
import type { TenantOptions } from '../../charts/manifests/tenant/options.js';
import type { KubeClient, LiveObject, Resource } from '../clients/kube.js';
import { createResourceLookup, RESOURCES } from '../clients/kube-resources.js';
import { type Applier, createApplier } from '../runtime/apply.js';
import { prune } from '../runtime/prune.js';
import { type Children, PRUNED } from './children.js';

/** Writes the objects of tenants: what differs, and nothing else. */
export interface TenantObjects {
  apply(desired: readonly K8sObject[]): Promise<void>;
  /** Deletes what this tenant no longer needs; `desired` is everything that it does. */
  prune(options: TenantOptions, desired: readonly K8sObject[]): Promise<void>;
  /** The whole content of a Secret of ours. Values go into the request and nowhere else. */
  writeSecret(options: TenantOptions, name: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Whether an event tells of our own write and of nothing else. */
  isEcho(object: LiveObject): boolean;
  /** The namespace is gone: nothing remembered of it is true any more. */
  forget(namespace: string): void;
}

export function createTenantObjects(
  kube: KubeClient,
  children: Children,
  served: (resource: Resource) => boolean,
): TenantObjects {
  const { resourceFor } = createResourceLookup();
  const isServed = (object: K8sObject): boolean => served(resourceFor(object));
  const applier: Applier = createApplier({
    client: kube,
    resourceFor,
    fieldManager: FIELD_MANAGER,
    cached: children.cached,
  });
  return {
    apply: async (desired) => {
      await applier.apply(desired.filter(isServed));
    },
    prune: async (options, desired) => {
      const cached = (resource: Resource) => children.ofTenant(resource, options.name);
      const refs = desired.map((object) => ({ resource: resourceFor(object), ...object.metadata }));
      const labels = { [TENANT_LABEL]: options.name };
      const resources = PRUNED.filter(served);
      await prune({ client: kube, cached }, { resources, namespace: options.namespace, labels }, refs);
    },
    writeSecret: async (options, name, values) => {
      await kube.apply(RESOURCES.secrets, buildSecret(options, name, values));
    },
    isEcho: (object) => {
      const { name, namespace, resourceVersion } = object.metadata;
      const ref = { resource: resourceFor(object), name, ...(namespace === undefined ? {} : { namespace }) };
      return applier.wrote(ref, resourceVersion);
    },
    forget: (namespace) => applier.forget({ namespaceName: namespace }),
  };
}

function buildSecret(options: TenantOptions, name: string, values: Readonly<Record<string, string>>): K8sObject {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: options.namespace, labels: buildTenantLabels(options, 'credentials') },
    type: 'Opaque',
    data: Object.fromEntries(data),
  };
}
