import { Testing } from 'cdktf';
import { type BucketConfig, buildBucket } from '../../infra/bucket/index.js';
import { buildKms, type KmsOutput } from '../../infra/kms/index.js';
import type { Cloud } from '../../infra/support/site.js';
import { plainId, type StackJson } from '../support/stacks.js';
import { emptyStack, NAMES, SITES, TAGS } from './sites.js';

/** One bucket with its key in a stack of its own, as Terraform will read it. */
export function synthBucket(cloud: Cloud, given: Partial<BucketConfig>): StackJson {
  const stack = emptyStack();
  const kms = buildKms(stack, 'kms', { site: SITES[cloud], name: NAMES[cloud].keys, purposes: ['audit'], tags: TAGS });
  const purpose = given.purpose ?? 'audit';
  buildBucket(stack, 'it', {
    site: SITES[cloud],
    name: NAMES[cloud].bucket,
    purpose,
    tags: TAGS,
    ...(purpose === 'accessLogs' ? {} : { logsTo: 'logs' }),
    ...(cloud === 'aws' && purpose === 'accessLogs' ? {} : { key: kms.keys.audit }),
    ...given,
  });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

/** Every purpose once, and the same again as copies. */
export function synthKeys(cloud: Cloud, protection: 'Hsm' | 'Software' = 'Hsm'): StackJson {
  const stack = emptyStack();
  const purposes = ['audit', 'anchor', 'tenant'] as const;
  const config = { site: SITES[cloud], name: NAMES[cloud].keys, purposes, tags: TAGS, protection };
  const here: KmsOutput<(typeof purposes)[number]> = buildKms(stack, 'here', config);
  buildKms(stack, 'there', { ...config, copyOf: here });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

export function only(stack: StackJson, type: string, id: string) {
  const found = Object.entries(stack.resource[type] ?? {}).find(([one]) => plainId(one) === id);
  if (found === undefined) throw new Error(`no ${type}.${id}; there are ${Object.keys(stack.resource).join(', ')}`);
  return found[1];
}
