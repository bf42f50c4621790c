import type { MemoryConfig } from '../config.js';
import type { Core, Feature } from '../core.js';
import { openBucket, type PodIdentity } from '../keys/index.js';
import { artifactRoutes } from './routes.js';

export const createArtifactFeature = ({ memories, config }: Core): Feature => ({
  routes: artifactRoutes({ ...memories, bucket: openArtifacts(config), namespace: config.MEMPLANE_NAMESPACE }),
});

type Named = PodIdentity &
  Pick<
    MemoryConfig,
    'ARTIFACTS_BUCKET_URL' | 'S3_BUCKET' | 'S3_ENDPOINT' | 'S3_REGION' | 'S3_ACCESS_KEY' | 'S3_SECRET'
  >;

/** By either of the names that a deployment gives it; undefined when it has none. */
export const openArtifacts = (config: Named) => {
  const { ARTIFACTS_BUCKET_URL, S3_BUCKET, S3_ACCESS_KEY: accessKeyId, S3_SECRET: secretAccessKey } = config;
  const url = ARTIFACTS_BUCKET_URL ?? (S3_BUCKET === undefined ? undefined : `s3://${S3_BUCKET}`);
  if (url === undefined) return undefined;
  const isNamed = accessKeyId !== undefined && secretAccessKey !== undefined;
  return openBucket(url, {
    identity: config,
    endpoint: config.S3_ENDPOINT,
    region: config.S3_REGION,
    credentials: isNamed ? { accessKeyId, secretAccessKey } : undefined,
  });
};
