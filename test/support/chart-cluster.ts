import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { K8sObject } from '../../charts/manifests/object.js';
import { buildChartFiles, type ChartFile } from '../../charts/output.js';
import { buildCrds } from '../../operator/api/v1alpha1/crd.js';
import { OWN_RESOURCES } from '../../operator/api/v1alpha1/resources.js';
import { KubeError } from '../../operator/clients/kube.js';
import { createKubeClient, type KubeHttpClient } from '../../operator/clients/kube-http.js';
import { createResourceLookup, RESOURCES } from '../../operator/clients/kube-resources.js';
import { HTTP_ROUTE_STAND_IN } from './gateway-api.js';
import { openRuleBench } from './rule-attempt.js';

export const { resourceFor } = createResourceLookup(OWN_RESOURCES);

/** What `npm run charts` writes, from the sources. */
export const chartFiles = (): readonly ChartFile[] =>
  buildChartFiles(fileURLToPath(new URL('../../charts/', import.meta.url)), {
    image: 'memplane/operator',
    version: '1.4.0',
    replicas: 2,
  });

export const objectsOf = ({ text }: Pick<ChartFile, 'text'>): readonly K8sObject[] =>
  parseAllDocuments(text).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as K8sObject;
  });

/** A client of a cluster that has our kinds and (a stand-in of) HTTPRoute. */
export async function openChartCluster(kubeconfigPath: string): Promise<KubeHttpClient> {
  const rules = await openRuleBench(kubeconfigPath, buildCrds());
  await rules.close();
  const client = await createKubeClient({ kubeconfigPath, fieldManager: 'platform' });
  await client.apply(RESOURCES.customResourceDefinitions, HTTP_ROUTE_STAND_IN);
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await client.list(RESOURCES.httpRoutes);
      return client;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404 || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
