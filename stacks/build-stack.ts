import type { App, TerraformStack } from 'cdktf';
import { AwsStack } from './aws-stack.js';
import { AzureStack } from './azure-stack.js';
import { GcpStack } from './gcp-stack.js';
import type { Environment, Layer } from './spec/environment.js';

export function buildStack(app: App, environment: Environment, layer: Layer): TerraformStack {
  const { place } = environment;
  switch (place.cloud) {
    case 'aws':
      return new AwsStack(app, environment, place, layer);
    case 'gcp':
      return new GcpStack(app, environment, place, layer);
    case 'azure':
      return new AzureStack(app, environment, place, layer);
  }
}
