import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { buildAdmission } from './manifests/platform/admission.js';
import { render } from './render.js';

/** Guards that hold even while no operator runs; a platform team applies them before it lets anybody in. */
export class AdmissionChart extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    render(this, buildAdmission());
  }
}
