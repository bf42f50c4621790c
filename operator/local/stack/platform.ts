import { setTimeout as sleep } from 'node:timers/promises';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildPlatform } from '../../../charts/manifests/platform/build.js';
import { buildCrds } from '../../api/v1alpha1/crd.js';
import { OWN_RESOURCES } from '../../api/v1alpha1/resources.js';
import { KubeError } from '../../clients/kube.js';
import type { KubeHttpClient } from '../../clients/kube-http.js';
import { createResourceLookup, RESOURCES } from '../../clients/kube-resources.js';

const DEADLINE_MS = 30_000;

/** What a platform team applies once: resources, admission policies, rights, the operator; then the plane itself. */
export async function installPlatform(
  kube: KubeHttpClient,
  plane: readonly K8sObject[],
  options: { readonly version: string; readonly operator: boolean; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const crds = buildCrds();
  for (const crd of crds) await kube.apply(RESOURCES.customResourceDefinitions, crd);
  for (const resource of OWN_RESOURCES) await untilServed(() => kube.list(resource));
  const { resourceFor } = createResourceLookup(OWN_RESOURCES);
  const platform = buildPlatform({ image: 'memplane/operator', version: options.version });
  const wanted = options.operator ? platform : platform.filter(({ kind }) => kind !== 'Deployment');
  const objects = [...wanted, ...plane];
  for (const object of objects) {
    options.signal?.throwIfAborted();
    await untilServed(() => kube.apply(resourceFor(object), object));
  }
  return crds.length + objects.length;
}

/** A definition that was just made is served a moment later, and a namespace takes a moment to exist everywhere. */
async function untilServed(call: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404 || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
