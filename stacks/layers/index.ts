import type { TerraformStack } from 'cdktf';
import type { Environment, Layer } from '../spec/environment.js';
import { buildBootstrap } from './bootstrap.js';
import { buildPlane } from './plane.js';
import type { Sites } from './sites.js';
import { buildVault } from './vault.js';

export type { Sites } from './sites.js';

/** In the order in which they are applied. */
export const LAYERS: readonly Layer[] = ['bootstrap', 'vault', 'plane'];

const BUILDERS: Readonly<Record<Layer, (stack: TerraformStack, environment: Environment, sites: Sites) => void>> = {
  bootstrap: buildBootstrap,
  vault: buildVault,
  plane: buildPlane,
};

export function buildLayer(stack: TerraformStack, environment: Environment, layer: Layer, sites: Sites): void {
  BUILDERS[layer](stack, environment, sites);
}
