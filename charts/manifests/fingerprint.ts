const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/**
 * FNV-1a with 64 bits, in hex: tells whether a text changed, the same on every machine and version. Nobody gains by
 * making two texts collide, so no cryptography is needed, and builders may not import any.
 */
export function fingerprint(text: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  return hash.toString(16).padStart(16, '0');
}

/** The same for equal entries in any order. */
export const fingerprintEntries = (entries: Readonly<Record<string, string>>): string =>
  fingerprint(JSON.stringify(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))));
