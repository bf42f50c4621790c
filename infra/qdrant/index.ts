import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsQdrant } from './aws.js';
import { buildAzureQdrant } from './azure.js';
import { type QdrantConfig, type QdrantOutput, withQdrantDefaults } from './contract.js';
import { buildGcpQdrant } from './gcp.js';

export type { QdrantConfig, QdrantOutput } from './contract.js';

export function buildQdrant(scope: Construct, id: string, config: QdrantConfig): QdrantOutput {
  const unit = new Construct(scope, id);
  const qdrant = withQdrantDefaults(config);
  const { site } = qdrant;
  switch (site.cloud) {
    case 'aws':
      return buildAwsQdrant(unit, { ...qdrant, site });
    case 'gcp':
      return buildGcpQdrant(unit, { ...qdrant, site });
    case 'azure':
      return buildAzureQdrant(unit, { ...qdrant, site });
    default:
      return unreachable(site);
  }
}
