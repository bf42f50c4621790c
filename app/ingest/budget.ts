import type { UsageMeter } from '../access/usage.js';
import { problem } from '../http/errors.js';
import type { Policies } from '../policies/schema.js';

const KINDS = ['extraction_tokens_in', 'extraction_tokens_out', 'embedding_tokens'] as const;

/** Before a provider is paid: what all replicas used today, held against `quotas.tokensPerDay`. The day is one of UTC. */
export const requireBudget = async (usage: UsageMeter, { quotas }: Policies, now: Date = new Date()): Promise<void> => {
  const limit = quotas.tokensPerDay;
  if (limit === undefined || limit === null) return;
  const used = (await Promise.all(KINDS.map((kind) => usage.today(kind)))).reduce((sum, count) => sum + count, 0);
  if (used < limit) return;
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
  throw problem('budget_exceeded', `The ${limit} tokens of today are used up.`, {
    headers: { 'Retry-After': String(Math.ceil((midnight - now.getTime()) / 1000)) },
    errors: [{ pointer: '', code: 'tokensPerDay', detail: `spec.quotas.tokensPerDay of the MemoryTenant is ${limit}` }],
  });
};
