import { ROLE_PERMISSIONS, resolveGrants } from '../../../app/access/permissions.js';
import type { Principal } from '../../../app/access/principal.js';
import { readMemoryConfig } from '../../../app/config.js';
import { createHashEmbedder } from '../../../app/embeddings/hash.js';
import { startEmbeddingWorker } from '../../../app/embeddings/worker.js';
import { createLogger } from '../../../app/http/log.js';
import { createMemory } from '../../../app/memories/service.js';
import { startFoundation } from '../../../app/memory-role.js';
import { searchMemories } from '../../../app/search/search.js';
import { createVectorStore } from '../../../app/vectors/create.js';
import type { VectorStore } from '../../../app/vectors/vector-store.js';
import { createTestTenant, eventually } from '../../support/memory-service.js';

const log = createLogger({ level: 'silent', tenant: 'test' });
const principal: Principal = {
  kind: 'key',
  keyId: '22222222-2222-4222-8222-222222222222',
  role: 'service',
  grants: resolveGrants(ROLE_PERMISSIONS.service, false),
  ...{ userId: null, userRef: null, teamRefs: [], organizationRefs: [], expiresAt: null },
};

it('a memory that gets its vector while a search is on its way is found by it', async () => {
  const tenant = await createTestTenant();
  // Its own model never loads, so that nothing has a vector before the test says so.
  const config = readMemoryConfig({ ...tenant.env, EMBEDDING_PROVIDER: 'local', VECTOR_DIMENSIONS: '512' });
  const foundation = await startFoundation(config, log);
  const { db, vault } = foundation.core;
  const embedder = createHashEmbedder(512);
  const vectors = createVectorStore(config, { db, vault, log, model: embedder.model });
  const embedAll = async (): Promise<void> => {
    const worker = startEmbeddingWorker({ db, vault, embedder, leaseMs: 60_000, log });
    await eventually(
      async () => (await db.query('SELECT 1 FROM memories WHERE vector_status = 0')).rowCount,
      (waiting) => waiting === 0,
    );
    await worker.stop();
  };
  const late: VectorStore = {
    search: async (...question) => {
      const found = await vectors.search(...question);
      await embedAll();
      return found;
    },
    trouble: () => vectors.trouble(),
    size: () => vectors.size(),
    close: () => vectors.close(),
  };
  const caller = { principal, headers: {} };
  const deps = { ...foundation.core.memories, embedder };
  const body = { user_id: 'ada', content: 'I keep bees' };
  const written = await createMemory(deps, caller, body, async () => undefined);
  const { results } = await searchMemories({ ...deps, vectors: late }, caller, {
    ...{ user_id: 'ada', query: 'I keep bees', mode: 'semantic' },
  });
  await vectors.close();
  await foundation.stop();
  await tenant.drop();
  expect(results.map(({ id }) => id)).toEqual(written.kind === 'created' ? [written.memory.id] : []);
});
