import type { TerraformStack } from 'cdktf';
import type { Environment, Layer } from '../spec/environment.js';
import { buildPlane } from './plane.js';
import type { Sites } from './sites.js';
import { buildVault } from './vault.js';

export type { Sites } from './sites.js';

/** In the order in which they are applied. */
export const LAYERS: readonly Layer[] = ['vault', 'plane'];

const BUILDERS: Readonly<Record<Layer, (stack: TerraformStack, environment: Environment, sites: Sites) => void>> = {
  vault: buildVault,
  plane: buildPlane,
};

export function buildLayer(stack: TerraformStack, environment: Environment, layer: Layer, sites: Sites): void {
  BUILDERS[layer](stack, environment, sites);
}
