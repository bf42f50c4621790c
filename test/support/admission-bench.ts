import { FIELD_MANAGER } from '../../charts/manifests/names.js';
import type { K8sObject } from '../../charts/manifests/object.js';
import { buildPlatform } from '../../charts/manifests/platform/build.js';
import { buildCrds } from '../../operator/api/v1alpha1/crd.js';
import { OWN_RESOURCES } from '../../operator/api/v1alpha1/resources.js';
import { KubeError, type ObjectRef } from '../../operator/clients/kube.js';
import { createKubeClient, type KubeHttpClient } from '../../operator/clients/kube-http.js';
import { createResourceLookup } from '../../operator/clients/kube-resources.js';
import {
  ACCOUNTS,
  type AdmissionCase,
  type AdmissionRequest,
  type Asker,
  admissionCases,
  RIGHTS,
} from '../charts/admission.cases.js';
import { openAs } from './asker.js';
import { openRuleBench } from './rule-attempt.js';

export interface AdmissionBench {
  /** Plays a case. The server's answer when it refuses, undefined when the request passes. */
  attempt(admissionCase: AdmissionCase): Promise<string | undefined>;
  /** Whether it is there, as an admin sees it. */
  exists(object: K8sObject): Promise<boolean>;
  close(): Promise<void>;
}

const { resourceFor } = createResourceLookup(OWN_RESOURCES);

const refOf = (object: K8sObject): ObjectRef => {
  const { name, namespace } = object.metadata;
  return { resource: resourceFor(object), name, ...(namespace === undefined ? {} : { namespace }) };
};

/** Installs resources, policies and rights in the cluster of a kubeconfig, real or embedded. */
export async function openAdmissionBench(kubeconfigPath: string): Promise<AdmissionBench> {
  const rules = await openRuleBench(kubeconfigPath, buildCrds());
  await rules.close();
  const admin = await createKubeClient({ kubeconfigPath, fieldManager: 'admin' });
  const platform = buildPlatform({ image: 'memplane/operator', version: '0' });
  for (const object of [...platform, ...RIGHTS]) {
    // No operator runs: the policies are what is tried.
    if (object.kind !== 'Deployment') await admin.apply(resourceFor(object), object);
  }
  const clients: Record<Asker, KubeHttpClient> = {
    admin,
    editor: await openAs(admin, kubeconfigPath, ACCOUNTS.editor, 'editor'),
    eraser: await openAs(admin, kubeconfigPath, ACCOUNTS.eraser, 'eraser'),
    operator: await openAs(admin, kubeconfigPath, ACCOUNTS.operator, FIELD_MANAGER),
  };
  const attempt: AdmissionBench['attempt'] = async ({ given, as, request }) => {
    for (const object of given) await admin.apply(resourceFor(object), object);
    return await answerOf(() => send(clients[as], request));
  };
  const forget = async (object: K8sObject): Promise<void> => void (await admin.delete(refOf(object)));
  await untilActive(attempt, forget);
  return {
    attempt,
    exists: async (object) => (await admin.get(refOf(object))) !== undefined,
    close: async () => {
      for (const client of Object.values(clients)) await client.close();
    },
  };
}

/** An API server follows policies and rights by watch, each for itself: one that was just made acts a moment later. */
const ACTIVE_MS = 60_000;

async function untilActive(
  attempt: AdmissionBench['attempt'],
  forget: (object: K8sObject) => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + ACTIVE_MS;
  // What is tried too early must be tried again: a namespace, once it is going, cannot be kept.
  const again = ({ refused, request }: AdmissionCase): boolean =>
    refused !== undefined && !(request.verb === 'delete' && request.object.kind === 'Namespace');
  for (const one of admissionCases.filter(again)) {
    while ((await attempt(one).catch(unlessEarly)) === undefined) {
      if (Date.now() > deadline) throw new Error(`${one.policy} does not act: "${one.title}" passes`);
      if (one.request.verb === 'create') await forget(one.request.object);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Rights that are not known yet, and what an earlier try has left: no answer of a policy. */
function unlessEarly(error: unknown): undefined {
  if (!(error instanceof KubeError) || (error.status !== 403 && error.status !== 409)) throw error;
}

async function send(client: KubeHttpClient, request: AdmissionRequest): Promise<unknown> {
  const { object } = request;
  switch (request.verb) {
    case 'create':
      return client.create(resourceFor(object), object);
    case 'apply':
      return client.apply(resourceFor(object), object);
    case 'patch':
      return client.mergePatch(refOf(object), request.patch);
    case 'delete':
      return client.delete(refOf(object));
  }
}

/** Refusals of policies only: a request that fails for another reason fails the test. */
async function answerOf(request: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await request();
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && error.message.includes('ValidatingAdmissionPolicy')) return error.message;
    throw error;
  }
}
