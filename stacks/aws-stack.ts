import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import type { TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { AwsSite } from '../infra/support/site.js';
import { buildBackend, requireProvider } from './backend.js';
import { buildLayer, type Sites } from './layers/index.js';
import { PlainStack } from './plain-stack.js';
import type { AwsPlace, Environment, Layer } from './spec/environment.js';
import { roleArn, rolePath, stackName, tenantRole } from './spec/names.js';

/** One layer of one environment on AWS: state → providers → the layer's units. */
export class AwsStack extends PlainStack {
  constructor(scope: Construct, environment: Environment, place: AwsPlace, layer: Layer) {
    super(scope, stackName(environment, layer));
    buildBackend(this, environment, layer);
    requireProvider(this, environment, 'aws');
    buildLayer(this, environment, layer, sitesOf(this, environment, place));
  }
}

function sitesOf(stack: TerraformStack, environment: Environment, place: AwsPlace): Sites {
  // Credentials of another account stop here, not after half an apply.
  const allowedAccountIds = [place.accountId];
  new AwsProvider(stack, 'aws', { region: place.region, allowedAccountIds });
  const replica = new AwsProvider(stack, 'aws_replica', {
    alias: 'replica',
    region: place.replicaRegion,
    allowedAccountIds,
  });
  const here: AwsSite = {
    cloud: 'aws',
    partition: place.partition,
    accountId: place.accountId,
    region: place.region,
    rolePath: rolePath(environment),
    principals: {
      deploy: place.deployRoleArn,
      compliance: place.complianceRoleArn,
      breakGlass: place.breakGlassRoleArn,
      operator: roleArn(environment, place, 'operator'),
      tenant: tenantRole(environment, place),
      witness: roleArn(environment, place, 'witness'),
      externalSecrets: roleArn(environment, place, 'external-secrets'),
    },
  };
  return { here, there: { ...here, region: place.replicaRegion, provider: replica } };
}
