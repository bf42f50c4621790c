import { readMigrateConfig } from '../../../app/config.js';
import { prepareVectorDatabase } from '../../../app/vectors/prepare-database.js';
import { createTestTenant, startInProcess, type TestTenant } from '../../support/memory-service.js';
import { type QdrantStandIn, startQdrantStandIn } from '../../support/qdrant-stand-in.js';
import { describeOutsideIndex, describeVectorStore } from '../../support/vector-contract.js';

const tenants: TestTenant[] = [];
const standIns: QdrantStandIn[] = [];
afterAll(async () => {
  for (const tenant of tenants) await tenant.drop();
  for (const standIn of standIns) await standIn.stop();
});

const openTenant = async (): Promise<TestTenant> => {
  const tenant = await createTestTenant();
  tenants.push(tenant);
  return tenant;
};

describeVectorStore('this process, half precision', async () => ({
  service: await startInProcess(await openTenant()),
}));

describeVectorStore('this process, int8 compared again', async () => ({
  service: await startInProcess(await openTenant(), { VECTOR_PRECISION: 'int8' }),
}));

describeOutsideIndex('the stand-in for Qdrant', async () => {
  const standIn = await startQdrantStandIn('a-key');
  standIns.push(standIn);
  const tenant = await openTenant();
  const config = readMigrateConfig({
    MIGRATE_DATABASE_URL: tenant.database.ownerUrl,
    MEMPLANE_SERVICE_ROLE: tenant.database.serviceRole,
    VECTOR_PROVIDER: 'qdrant',
    VECTOR_DIMENSIONS: '64',
  });
  await prepareVectorDatabase({
    url: config.MIGRATE_DATABASE_URL,
    serviceRole: config.MEMPLANE_SERVICE_ROLE,
    provider: config.VECTOR_PROVIDER,
    dimensions: config.VECTOR_DIMENSIONS,
  });
  const service = await startInProcess(tenant, {
    VECTOR_PROVIDER: 'qdrant',
    VECTOR_DB_ENDPOINT: standIn.url,
    VECTOR_DB_API_KEY: 'a-key',
  });
  const held = async (): Promise<number> => standIn.collections.get('kernel-memory-production')?.points.size ?? 0;
  return {
    service,
    held,
    lose: async () => void standIn.collections.clear(),
    down: async () => {
      standIn.down = true;
    },
    up: async () => {
      standIn.down = false;
    },
  };
});
