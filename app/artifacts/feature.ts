import type { Core, Feature } from '../core.js';
import { openBucket } from '../keys/index.js';
import { artifactRoutes } from './routes.js';

export const createArtifactFeature = ({ memories, config }: Core): Feature => {
  const url = config.ARTIFACTS_BUCKET_URL;
  const bucket = url === undefined ? undefined : openBucket(url);
  return { routes: artifactRoutes({ ...memories, bucket, namespace: config.MEMPLANE_NAMESPACE }) };
};
