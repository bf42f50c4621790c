import { Construct } from 'constructs';
import { buildAwsEcs } from './aws.js';
import { checkEcs, type EcsConfig, type EcsOutput } from './contract.js';

export type { EcsConfig, EcsOutput } from './contract.js';

/** AWS has it and the others do not, so its site is one of AWS. */
export function buildEcs(scope: Construct, id: string, config: EcsConfig): EcsOutput {
  checkEcs(config);
  return buildAwsEcs(new Construct(scope, id), config);
}
