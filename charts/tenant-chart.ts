import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { buildTenant } from './manifests/tenant/build.js';
import type { TenantOptions } from './manifests/tenant/options.js';
import { render } from './render.js';

/** What the operator makes of a tenant, byte for byte: to read, to review, to check with policy tools. */
export class TenantChart extends Chart {
  constructor(scope: Construct, id: string, options: TenantOptions) {
    super(scope, id);
    render(this, buildTenant(options));
  }
}
