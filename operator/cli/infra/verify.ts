import type { Terminal } from '../command.js';
import { expectOfAws } from './aws/expected.js';
import { expectOfAzure } from './azure/expected.js';
import { openAzure } from './azure/live.js';
import { compareAll } from './compare.js';
import { coverage } from './coverage.js';
import { expectOfGcp } from './gcp/expected.js';
import { openGcp } from './gcp/live.js';
import type { Cloud, StackGraph } from './graph.js';
import type { LiveCloud, Row, Target } from './target.js';
import { azureToken, googleToken } from './token.js';

export const EXPECT: Readonly<Record<Cloud, (graph: StackGraph) => readonly Target[]>> = {
  aws: expectOfAws,
  gcp: expectOfGcp,
  azure: expectOfAzure,
};

/** Every promise of these stacks beside what is; a cloud is asked once for all of its stacks. */
export async function verifyStacks(
  stacks: readonly StackGraph[],
  endpoint: string | undefined,
  { config, signal, note }: Pick<Terminal, 'config' | 'signal' | 'note'>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const cloud of new Set(stacks.map((stack) => stack.cloud))) {
    const covered = stacks.filter((stack) => stack.cloud === cloud).map((stack) => coverage(stack, EXPECT[cloud]));
    const targets = covered.flatMap((one) => one.targets);
    rows.push(...covered.flatMap(({ unknown }) => unknown));
    const live = await open(cloud, endpoint, config);
    try {
      note(`reading ${targets.length} resources of ${live.about}`);
      rows.push(...(await compareAll(targets, live, signal)));
    } finally {
      live.close();
    }
  }
  return rows;
}

async function open(cloud: Cloud, endpoint: string | undefined, config: Terminal['config']): Promise<LiveCloud> {
  switch (cloud) {
    case 'aws': {
      // The clients take half a second to load, which only those shall wait who ask AWS.
      const { openAws } = await import('./aws/live.js');
      return openAws(endpoint === undefined ? {} : { endpoint });
    }
    case 'gcp':
      return openGcp(await googleToken(config), endpoint);
    case 'azure':
      return openAzure(await azureToken(config), endpoint);
  }
}
