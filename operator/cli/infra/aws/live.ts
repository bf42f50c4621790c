import { EC2Client } from '@aws-sdk/client-ec2';
import type { LiveCloud } from '../target.js';
import { openAccount } from './account.js';
import { openBalancers } from './balancers.js';
import { openBuckets } from './buckets.js';
import { openCaches } from './caches.js';
import { openDatabases } from './databases.js';
import { openEntrances } from './entrances.js';
import { openKeys } from './keys.js';
import { groupNames, openNetwork } from './network.js';
import { type AwsOptions, clientConfig, perRegion } from './request.js';
import { openRoles } from './roles.js';
import type { Service } from './service.js';
import { openServices } from './services.js';
import { openWatch } from './watch.js';

/** AWS through its official clients, with the credentials that they find (profile, SSO, environment, role). */
export function openAws(options: AwsOptions): LiveCloud {
  const keys = openKeys(options);
  const databases = openDatabases(options);
  const ec2 = perRegion((region) => new EC2Client(clientConfig(region, options)));
  const services: Readonly<Record<string, Service>> = {
    key: keys,
    bucket: openBuckets(options),
    database: { read: databases.readInstance, close: databases.close },
    'backup copy': { read: databases.readCopy, close: () => undefined },
    ...openCaches(options),
    balancer: openBalancers(options),
    ...openEntrances(options),
    account: openAccount(options),
    ...openRoles(options),
    ...openNetwork(options),
    ...openServices(options),
    ...openWatch(options),
  };
  return {
    about: `AWS${options.endpoint === undefined ? '' : ` at ${options.endpoint}`}`,
    async read(target) {
      const service = services[target.kind];
      if (service === undefined) throw new Error(`nobody reads a ${target.kind}`);
      const facts = await service.read(target, keys);
      const groups = facts?.groups;
      if (typeof groups !== 'string' || !/\bsg-/.test(groups)) return facts;
      return { ...facts, groups: await groupNames(ec2.of(target.region), groups) };
    },
    close: () => {
      for (const { close } of Object.values(services)) close();
      ec2.close();
    },
  };
}
