import type { Core, Feature } from '../core.js';
import { createExtractor } from '../extraction/create.js';
import type { Extractor } from '../extraction/extractor.js';
import type { ComponentState } from '../health/component-state.js';
import type { Json } from '../http/json.js';
import { type IngestDeps, ingestConversation } from './ingest.js';
import { INGEST_JOB, ingestRoutes } from './routes.js';
import type { Ingest } from './schema.js';

/** Made once, for every protocol that takes conversations. */
export const createIngestDeps = (core: Core): IngestDeps => ({
  memories: core.memories,
  extractor: createExtractor(core.config, providerFetch(core)),
  usage: core.access.usage,
});

export const createIngestFeature = (core: Core, deps: IngestDeps = createIngestDeps(core)): Feature => {
  core.jobs.register({
    kind: INGEST_JOB,
    run: async (input, { principal, signal }) => {
      const result = await ingestConversation(deps, { principal, headers: {} }, input as unknown as Ingest, ignore, {
        signal,
      });
      const failed = result.results.filter(({ status }) => status === 'rejected').length;
      const total = result.results.length;
      return { result: result as unknown as Json, progress: { total, done: total - failed, failed } };
    },
  });
  return { routes: ingestRoutes(core, deps), health: { extraction: () => observe(deps.extractor) } };
};

const ignore = async (): Promise<void> => undefined;

/** A provider that is away takes nothing else down. */
const observe = (extractor: Extractor): ComponentState => {
  const trouble = extractor.trouble();
  const detail = `${extractor.provider} ${extractor.model}`;
  return trouble === undefined ? { status: 'ok', detail } : { status: 'degraded', detail: trouble };
};

/**
 * The tenant may name the endpoint, so it is reached as every address that a tenant names. An Ollama without TLS stands
 * beside the service and is the platform's to allow.
 */
const providerFetch = ({ config, outbound }: Core): typeof fetch | undefined =>
  config.EXTRACTION_PROVIDER === 'ollama' && !config.EXTRACTION_ENDPOINT?.startsWith('https:')
    ? undefined
    : outbound.fetch;
