import type { GraphResource, StackGraph } from './graph.js';
import type { Row, Target } from './target.js';
import { UNREAD } from './unread.js';

/** What a stack is compared by, and the types that nobody has judged: of those nothing is known. */
export function coverage(
  graph: StackGraph,
  expect: (graph: StackGraph) => readonly Target[],
): { readonly targets: readonly Target[]; readonly unknown: readonly Row[] } {
  const asked = new Set<string>();
  const told = <T extends GraphResource | undefined>(one: T): T => {
    if (one !== undefined) asked.add(one.type);
    return one;
  };
  const targets = expect({
    ...graph,
    of: (type) => {
      asked.add(type);
      return graph.of(type);
    },
    referred: (expression) => told(graph.referred(expression)),
  });
  const unknown = graph.types.filter((type) => !asked.has(type) && UNREAD[type] === undefined);
  return { targets, unknown: unknown.flatMap((type) => graph.of(type).map((one) => unknownRow(graph, one))) };
}

const unknownRow = ({ name }: StackGraph, { address, type }: GraphResource): Row => ({
  stack: name,
  resource: address,
  name: address,
  property: 'exists',
  expected: true,
  live: undefined,
  verdict: 'unreadable',
  reason: `nobody has said how a ${type} is read`,
  remedy: 'run the memoryctl of the release that made these stacks, or say it in operator/cli/infra',
});
