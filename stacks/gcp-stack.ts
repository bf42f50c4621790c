import { GoogleProvider } from '@cdktf/provider-google/lib/provider/index.js';
import type { TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { GcpSite } from '../infra/support/site.js';
import { buildBackend, requireProvider } from './backend.js';
import { buildLayer, type Sites } from './layers/index.js';
import { PlainStack } from './plain-stack.js';
import type { Environment, GcpPlace, Layer } from './spec/environment.js';
import { stackName } from './spec/names.js';

/** One layer of one environment on Google Cloud: state → provider → the layer's units. */
export class GcpStack extends PlainStack {
  constructor(scope: Construct, environment: Environment, place: GcpPlace, layer: Layer) {
    super(scope, stackName(environment, layer));
    buildBackend(this, environment, layer);
    requireProvider(this, environment, 'google');
    buildLayer(this, environment, layer, sitesOf(this, place));
  }
}

function sitesOf(stack: TerraformStack, place: GcpPlace): Sites {
  new GoogleProvider(stack, 'google', { project: place.projectId, region: place.region });
  const here: GcpSite = {
    cloud: 'gcp',
    projectId: place.projectId,
    projectNumber: place.projectNumber,
    region: place.region,
    principals: {
      deploy: place.deployServiceAccount,
      compliance: place.complianceGroup,
      breakGlass: place.breakGlassGroup,
    },
  };
  return { here, there: { ...here, region: place.replicaRegion } };
}
