import { registerAccess } from './access.js';
import { registerAdmission } from './admission.js';
import { registerApply } from './apply.js';
import { ConformanceClient, type ConformanceCluster, eventually } from './client.js';
import { registerDefinitions } from './definitions.js';
import { registerDeletion } from './deletion.js';
import { registerGarbage } from './garbage.js';
import { registerListing } from './listing.js';
import { registerPatches } from './patches.js';
import { registerTables } from './tables.js';
import { registerValidation } from './validation.js';
import { registerVersions } from './versions.js';
import { registerWatching } from './watching.js';
import { WIDGETS } from './widget.js';

/** What a group of cases works with: one cluster for all, a namespace for each case. */
export interface Suite {
  client(): ConformanceClient;
  cluster(): ConformanceCluster;
  /** A fresh namespace, usable. */
  namespace(): Promise<string>;
}

const core = (namespace: string, plural: string): string => `/api/v1/namespaces/${namespace}/${plural}`;

export const paths = {
  configMaps: (namespace: string) => core(namespace, 'configmaps'),
  secrets: (namespace: string) => core(namespace, 'secrets'),
  pods: (namespace: string) => core(namespace, 'pods'),
  services: (namespace: string) => core(namespace, 'services'),
  deployments: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  jobs: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`,
  widgets: (namespace: string) => `/apis/conformance.dev/v1/namespaces/${namespace}/widgets`,
  definitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  namespaces: '/api/v1/namespaces',
  rbac: '/apis/rbac.authorization.k8s.io/v1',
  policies: '/apis/admissionregistration.k8s.io/v1',
};

/**
 * How an API server behaves, as seen over HTTP. The same cases run on the embedded server and on a real kube-apiserver
 * with its controller-manager: where they differ, the embedded one is wrong.
 */
export function describeConformance(title: string, start: () => Promise<ConformanceCluster>): void {
  describe(title, () => {
    let cluster: ConformanceCluster | undefined;
    let client: ConformanceClient | undefined;
    let count = 0;
    const must = <T>(value: T | undefined): T => {
      if (value === undefined) throw new Error('the cluster did not start');
      return value;
    };

    beforeAll(async () => {
      cluster = await start();
      client = new ConformanceClient(cluster);
      await installWidgets(client);
    }, 300_000);
    afterAll(async () => {
      await client?.close();
      await cluster?.stop();
    });

    const suite: Suite = {
      client: () => must(client),
      cluster: () => must(cluster),
      async namespace() {
        count += 1;
        const name = `case-${count}`;
        await must(client).create(paths.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
        await eventually(`${name} has its default account`, async () => {
          const { status } = await must(client).get(`${core(name, 'serviceaccounts')}/default`);
          return status === 200 ? true : undefined;
        });
        return name;
      },
    };
    for (const register of GROUPS) register(suite);
  });
}

const GROUPS = [
  registerVersions,
  registerPatches,
  registerApply,
  registerValidation,
  registerDefinitions,
  registerListing,
  registerWatching,
  registerTables,
  registerDeletion,
  registerGarbage,
  registerAdmission,
  registerAccess,
];

async function installWidgets(client: ConformanceClient): Promise<void> {
  const { status, body } = await client.create(paths.definitions, WIDGETS);
  if (status !== 201) throw new Error(`the definition of widgets was refused: ${String(body.message)}`);
  await eventually('widgets are served', async () => {
    const { status } = await client.get(paths.widgets('default'));
    return status === 200 ? true : undefined;
  });
}
