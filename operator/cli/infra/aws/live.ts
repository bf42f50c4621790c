import type { LiveCloud } from '../target.js';
import { openBuckets } from './buckets.js';
import { openCaches } from './caches.js';
import { openDatabases } from './databases.js';
import { openKeys } from './keys.js';
import type { AwsOptions } from './request.js';
import type { Service } from './service.js';
import { openServices } from './services.js';
import { openWatch } from './watch.js';

/** AWS through its official clients, with the credentials that they find (profile, SSO, environment, role). */
export function openAws(options: AwsOptions): LiveCloud {
  const keys = openKeys(options);
  const databases = openDatabases(options);
  const services: Readonly<Record<string, Service>> = {
    key: keys,
    bucket: openBuckets(options),
    database: { read: databases.readInstance, close: databases.close },
    'backup copy': { read: databases.readCopy, close: () => undefined },
    cache: openCaches(options),
    ...openServices(options),
    ...openWatch(options),
  };
  return {
    about: `AWS${options.endpoint === undefined ? '' : ` at ${options.endpoint}`}`,
    async read(target) {
      const service = services[target.kind];
      if (service === undefined) throw new TypeError(`nobody reads a ${target.kind}`);
      return await service.read(target, keys);
    },
    close: () => {
      for (const { close } of Object.values(services)) close();
    },
  };
}
