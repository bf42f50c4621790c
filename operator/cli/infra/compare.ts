import { forEachAtOnce } from '../../runtime/rounds.js';
import { remedyOfDrift, remedyOfMissing, remedyOfUnreadable } from './remedy.js';
import { type Facts, type LiveCloud, type Row, type Target, UnreadableError } from './target.js';

/** At a time: clouds throttle reads of many resources, and one at a time takes minutes. */
const AT_ONCE = 6;

/** Reads every target and compares property by property; a target that isn't there is one row. */
export async function compareAll(
  targets: readonly Target[],
  live: LiveCloud,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const rows: (readonly Row[])[] = [];
  await forEachAtOnce(targets.entries(), AT_ONCE, async ([index, target]) => {
    signal.throwIfAborted();
    rows[index] = await compareOne(target, live, signal);
  });
  return rows.flat();
}

async function compareOne(target: Target, live: LiveCloud, signal: AbortSignal): Promise<readonly Row[]> {
  try {
    return compare(target, await live.read(target, signal));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return [
      {
        ...rowOf(target, 'exists', true, undefined),
        verdict: 'unreadable',
        reason,
        remedy: remedyOfUnreadable(target),
      },
    ];
  }
}

/** Why one target cannot be read while others can: no rights, or an answer in a shape that nobody described. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof UnreadableError) return error.message;
  return error instanceof TypeError
    ? `an answer in another shape than its reference says: ${error.message}`
    : undefined;
}

export function compare(target: Target, live: Facts | undefined): readonly Row[] {
  if (live === undefined) {
    return [{ ...rowOf(target, 'exists', true, false), verdict: 'missing', remedy: remedyOfMissing(target) }];
  }
  return Object.entries(target.expected).map(([property, expected]): Row => {
    const found = live[property];
    const row = rowOf(target, property, expected, found);
    return found === expected
      ? { ...row, verdict: 'ok' }
      : { ...row, verdict: 'drift', remedy: remedyOfDrift(target, property, found) };
  });
}

const rowOf = ({ stack, address, name }: Target, property: string, expected: Row['expected'], live: Row['live']) => ({
  stack,
  resource: address,
  name,
  property,
  expected,
  live,
});
