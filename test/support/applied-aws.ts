import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyAws, MOTO_ACCOUNT } from './aws-apply.js';
import { memoryctl } from './cli.js';
import { answersHttp, PART_PATHS, startPart } from './parts.js';
import { freePort } from './postgres.js';
import { reviewedStacks } from './reviewed-stacks.js';
import type { StackJson } from './terraform-json.js';

export interface VerifiedRow {
  readonly resource: string;
  readonly name: string;
  readonly property: string;
  readonly expected: unknown;
  readonly live: unknown;
  readonly verdict: string;
  readonly remedy?: string;
}

export interface AppliedAws {
  readonly url: string;
  /** Folder of the stacks. */
  readonly out: string;
  /** All of production, or one stack of it. */
  verify(stack?: string): Promise<{
    readonly code: number;
    readonly summary: { readonly ok: number };
    readonly rows: readonly VerifiedRow[];
  }>;
  stop(): Promise<void>;
}

/** Production on AWS, applied to moto as far as it goes. Whoever verifies gives the credentials. */
export async function applyAwsProd(): Promise<AppliedAws> {
  const out = mkdtempSync(join(tmpdir(), 'memplane-verify-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: 'true' };
  const moto = await startPart(PART_PATHS.moto, ['-H', '127.0.0.1', '-p', String(port)], answersHttp(url), { env });
  // There is one account in the stand-in, and it is this.
  const prod = [...reviewedStacks()].filter(([name]) => name.startsWith('aws-prod'));
  const text = JSON.stringify(prod).replaceAll('444455556666', MOTO_ACCOUNT);
  const stacks = new Map(JSON.parse(text) as readonly (readonly [string, StackJson])[]);
  for (const [name, stack] of stacks) {
    mkdirSync(join(out, 'stacks', name), { recursive: true });
    writeFileSync(join(out, 'stacks', name, 'cdk.tf.json'), JSON.stringify(stack));
  }
  // The trail writes to a bucket of the vault.
  const inOrder = ['aws-prod-bootstrap', 'aws-prod-vault', 'aws-prod-plane'].map((name) => stacks.get(name));
  await applyAws(
    inOrder.filter((stack) => stack !== undefined),
    url,
  );
  return {
    url,
    out,
    async verify(stack = 'aws-prod') {
      const args = ['infra', 'verify', stack, '--out', out, '--endpoint-url', url, '--json', '--drift-only'];
      const { code, out: said, notes } = await memoryctl(args);
      if (said === '') throw new Error(notes);
      return { code, ...(JSON.parse(said) as { summary: { ok: number }; rows: readonly VerifiedRow[] }) };
    },
    async stop() {
      await moto.stop();
      rmSync(out, { recursive: true, force: true });
    },
  };
}
