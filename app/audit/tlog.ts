/** C2SP tlog-tiles and tlog-proof: names of tiles, entry bundles, the text of a proof. */
export const TILE_WIDTH = 256;

/** 1234067 → x001/x234/067. */
const encodeNumber = (n: number): string => {
  const groups = [String(n % 1000).padStart(3, '0')];
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
};

export type TileKind = number | 'entries';

export interface TileName {
  /** A level of hashes, or the entries themselves. */
  readonly kind: TileKind;
  readonly n: number;
  /** How many are in it: 256 of a full one. */
  readonly width: number;
}

export const tilePath = ({ kind, n, width }: TileName): string =>
  `tile/${kind}/${encodeNumber(n)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;

const PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** `undefined` for what is no name of a tile; each tile has exactly one. */
export const parseTilePath = (path: string): TileName | undefined => {
  const [, kind, digits, part] = PATH.exec(path) ?? [];
  if (kind === undefined || digits === undefined) return undefined;
  const n = Number(digits.replaceAll(/[x/]/g, ''));
  const name = { kind: kind === 'entries' ? ('entries' as const) : Number(kind), n, width: Number(part ?? TILE_WIDTH) };
  return Number.isSafeInteger(n) && tilePath(name) === path ? name : undefined;
};

/** All tiles of a tree, as its exported folder has them: full ones, and of each level the partial one at the end. */
export const tilesOf = (size: number): readonly TileName[] => {
  const tiles: TileName[] = [];
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    for (const kind of level === 0 ? [0, 'entries' as const] : [level]) {
      for (let n = 0; n * TILE_WIDTH < count; n++) {
        tiles.push({ kind, n, width: Math.min(TILE_WIDTH, count - n * TILE_WIDTH) });
      }
    }
  }
  return tiles;
};

/** Each entry after its length in two bytes. */
export const encodeEntries = (entries: readonly Buffer[]): Buffer =>
  Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.allocUnsafe(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );

/** `undefined` when the bytes end in the midst of one. */
export const decodeEntries = (bundle: Buffer): readonly Buffer[] | undefined => {
  const entries: Buffer[] = [];
  let at = 0;
  while (at + 2 <= bundle.length) {
    const end = at + 2 + bundle.readUInt16BE(at);
    if (end > bundle.length) return undefined;
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return at === bundle.length ? entries : undefined;
};

export interface TlogProof {
  readonly index: number;
  readonly hashes: readonly Buffer[];
  /** The signed note, as it is. */
  readonly checkpoint: Buffer;
}

const HEADER = 'c2sp.org/tlog-proof@v1';

export const formatProof = ({ index, hashes, checkpoint }: TlogProof): string =>
  `${[HEADER, `index ${index}`, ...hashes.map((hash) => hash.toString('base64'))].join('\n')}\n\n${checkpoint.toString('utf8')}`;

export const parseProof = (text: string): TlogProof | undefined => {
  const split = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, split).split('\n');
  const rest = lines[0]?.startsWith('extra ') ? lines.slice(1) : lines;
  const [, digits] = /^index (0|[1-9][0-9]{0,15})$/.exec(rest[0] ?? '') ?? [];
  if (split < 0 || header !== HEADER || digits === undefined) return undefined;
  const hashes = rest.slice(1).map((line) => Buffer.from(line, 'base64'));
  if (!hashes.every((hash, i) => hash.length === 32 && hash.toString('base64') === rest[i + 1])) return undefined;
  return { index: Number(digits), hashes, checkpoint: Buffer.from(text.slice(split + 2)) };
};
