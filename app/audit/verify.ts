import type { BundleFiles } from './bundle-files.js';
import { HASH_BYTES } from './merkle.js';
import { decodeEntries, parseTilePath, TILE_WIDTH, type TileName, tilePath } from './tlog.js';
import { type Finding, type TrustedCheckpoint, verifyCheckpoints } from './verify-checkpoints.js';
import { EntryVerifier, type Gap } from './verify-entries.js';
import { LEVELS, type Level, type VerifyPolicy } from './verify-policy.js';

export interface Range {
  readonly level: Level;
  readonly from: number;
  /** The last event of it. */
  readonly to: number;
}

export interface Report {
  readonly verdict: 'valid' | 'tampered' | 'unusable';
  readonly origin: string;
  readonly size: number;
  readonly findings: readonly Finding[];
  /** What holds for which events, from the first to the last. */
  readonly ranges: readonly Range[];
  /** Reads that a writer counted and nobody was told of. */
  readonly gaps: readonly Gap[];
  /** Events that have less than the policy requires: the newest ones. */
  readonly tail: { readonly events: number; readonly since: string | null };
}

/** Checks a bundle against a policy, offline, by nothing but what the policy trusts. */
export const verifyBundle = (files: BundleFiles, policy: VerifyPolicy): Report => {
  const { trusted, findings: bad, found } = verifyCheckpoints(files, policy);
  const sizes = new Set(trusted.map(({ size }) => size));
  const entries = new EntryVerifier(policy.origin, sizes, (seq) =>
    files.read(`batches/${String(seq).padStart(20, '0')}`),
  );
  const findings = [...bad, ...readEntries(files, entries)];
  findings.push(...entries.findings, ...compareTiles(files, entries), ...compareRoots(trusted, entries));
  const good = trusted.filter(({ size, root }) => entries.rootAt(size)?.equals(root));
  const usable = found > 0;
  const ranges = buildRanges(good, entries.size);
  return {
    verdict: usable ? (findings.length > 0 ? 'tampered' : 'valid') : 'unusable',
    origin: policy.origin,
    size: entries.size,
    findings: usable ? findings : [{ seq: null, what: 'the bundle holds no checkpoint' }],
    ranges,
    gaps: entries.gaps,
    tail: buildTail(ranges, policy.require, entries),
  };
};

/** Entry bundles in their order, each with the hashes of its tile when the bundle has them. */
const readEntries = (files: BundleFiles, entries: EntryVerifier): readonly Finding[] => {
  const bundles = new Map<number, TileName>();
  for (const path of files.list('tile/entries')) {
    const name = parseTilePath(path);
    if (!name) return [{ seq: null, what: `${path} is no name of a tile` }];
    if (name.width > (bundles.get(name.n)?.width ?? 0)) bundles.set(name.n, name);
  }
  const ordered = [...bundles.values()].sort((a, b) => a.n - b.n);
  for (const [index, name] of ordered.entries()) {
    const path = tilePath(name);
    const decoded = decodeEntries(files.read(path) ?? Buffer.alloc(0));
    if (name.n !== index || decoded?.length !== name.width)
      return [{ seq: entries.size, what: `${path} is not whole` }];
    if (name.width < TILE_WIDTH && index < ordered.length - 1) {
      return [{ seq: entries.size, what: `${path} is followed by another one` }];
    }
    const hashes = files.read(tilePath({ ...name, kind: 0 }));
    decoded.forEach((entry, at) => {
      entries.add(entry, hashes?.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
    });
  }
  return [];
};

/** Tiles above the leaves say what follows from the leaves; one of an earlier export begins as the widest of its number does. */
const compareTiles = (files: BundleFiles, entries: EntryVerifier): readonly Finding[] => {
  const names = files.list('tile').flatMap((path) => parseTilePath(path) ?? { path });
  const widest = new Map<string, TileName>();
  for (const name of names) {
    if ('path' in name) return [{ seq: null, what: `${name.path} is no name of a tile` }];
    const key = `${name.kind}/${name.n}`;
    if (name.width > (widest.get(key)?.width ?? 0)) widest.set(key, name);
  }
  return names.flatMap((name): readonly Finding[] => {
    if ('path' in name) return [];
    const { kind, n, width } = name;
    const bytes = files.read(tilePath(name)) ?? Buffer.alloc(0);
    const expected =
      kind === 'entries' || kind === 0
        ? files.read(tilePath(widest.get(`${kind}/${n}`) ?? name))?.subarray(0, bytes.length)
        : Buffer.concat(entries.upper(kind).slice(n * TILE_WIDTH, n * TILE_WIDTH + width));
    const whole = kind === 'entries' || bytes.length === width * HASH_BYTES;
    return whole && expected?.equals(bytes)
      ? []
      : [{ seq: null, what: `${tilePath(name)} does not follow from its leaves` }];
  });
};

const compareRoots = (trusted: readonly TrustedCheckpoint[], entries: EntryVerifier): readonly Finding[] =>
  trusted.flatMap(({ name, size, root }): readonly Finding[] => {
    if (size > entries.size) {
      return [{ seq: entries.size, what: `${name} was signed over ${size} events, of which ${entries.size} are here` }];
    }
    return entries.rootAt(size)?.equals(root) ? [] : [{ seq: null, what: `${name} was signed over another log` }];
  });

const buildRanges = (good: readonly TrustedCheckpoint[], size: number): readonly Range[] => {
  const ranges: Range[] = [];
  let from = 0;
  for (const level of LEVELS) {
    const reached =
      level === 'unsigned' ? size : Math.max(0, ...good.filter((one) => one.level === level).map((one) => one.size));
    if (reached <= from) continue;
    ranges.push({ level, from, to: reached - 1 });
    from = reached;
  }
  return ranges;
};

const buildTail = (ranges: readonly Range[], required: Level, { size, times }: EntryVerifier): Report['tail'] => {
  const enough = LEVELS.slice(0, LEVELS.indexOf(required) + 1);
  const reached = Math.max(0, ...ranges.filter(({ level }) => enough.includes(level)).map(({ to }) => to + 1));
  return { events: size - reached, since: times[reached] ?? null };
};
