// A,B,A,B… in one run: whatever else the machine does meets both sides. The first round warms up and is not counted.
import { performance } from 'node:perf_hooks';
import { median } from './data.mjs';

export const ROUNDS = 8;

/** Seconds that some work took. */
export async function seconds(work) {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** `sides`: name → (round) → a rate. Names come back with their rates, a round each. */
export async function alternate(sides, rounds = ROUNDS) {
  const rates = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(sides)) {
      process.stderr.write(`\r  round ${round + 1} of ${rounds}: ${name}          `);
      const rate = await run(round);
      if (round > 0) rates[name].push(rate);
    }
  }
  process.stderr.write('\r\x1b[K');
  return rates;
}

const short = (value) => Number(value.toPrecision(3));

/** What a table shows of one side beside another: the median of the ratios of each round, and how far they lie apart. */
export function ratioRow(what, mine, theirs, rest = {}) {
  const ratios = mine.map((value, round) => value / theirs[round]);
  return {
    what,
    ratio: short(median(ratios)),
    range: `${short(Math.min(...ratios))}–${short(Math.max(...ratios))}`,
    value: short(median(mine)),
    yardstick: short(median(theirs)),
    ...rest,
  };
}

/** Runs `work` on every item, so many at a time. */
export async function inLanes(items, lanes, work) {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
