import { MemplaneClient } from './generated/client.js';
import type { CreateMemoriesResult, Draft, Memory } from './generated/types.js';
import type { CallOptions } from './transport.js';

export interface AddOptions extends CallOptions {
  /** `abort`: one that is wrong refuses all. @default abort */
  readonly onError?: 'abort' | 'continue';
  /** @default off */
  readonly dedupe?: 'exact' | 'semantic' | 'off';
}

/** The client of a tenant: every operation of the API, and the two that everybody writes first. */
export class Memplane extends MemplaneClient {
  /** `undefined`: valid, but the tenant's policy does not keep it. */
  async addMemory(draft: Draft, options?: CallOptions): Promise<Memory | undefined> {
    const answer = await this.createMemories({ body: draft }, options);
    if ('progress' in answer) throw new TypeError(ASKED_FOR_JOB);
    return 'content' in answer ? answer : undefined;
  }

  /** Up to 1,000 at once: one result for each, in the same order. */
  async addMemories(memories: readonly Draft[], options: AddOptions = {}): Promise<CreateMemoriesResult> {
    const { onError, dedupe, ...rest } = options;
    const body = { memories, ...(onError ? { on_error: onError } : {}), ...(dedupe ? { dedupe } : {}) };
    const answer = await this.createMemories({ body }, rest);
    if ('progress' in answer) throw new TypeError(ASKED_FOR_JOB);
    if ('content' in answer) throw new TypeError('A batch was answered with one memory');
    return answer;
  }
}

const ASKED_FOR_JOB = 'It was asked for as a job (Prefer: respond-async): call createMemories, which answers the job';
