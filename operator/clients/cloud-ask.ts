import { type CloudCall, CloudRefused, callCloud, type Json, jsonOf } from './cloud-rest.js';

/** A call of which the caller's client knows who asks and where. */
export type CloudQuestion = Omit<CloudCall, 'token' | 'url'>;

/** What a cloud answers; `undefined` for a refusal with the one status that is no failure here. */
export async function askUnless(expected: number | undefined, call: CloudCall): Promise<Json | undefined> {
  try {
    return jsonOf(await callCloud(call));
  } catch (cause) {
    if (expected !== undefined && cause instanceof CloudRefused && cause.status === expected) return undefined;
    throw cause;
  }
}
