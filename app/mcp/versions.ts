/** The handshake era: a client says `initialize` once and names the version in a header from then on. Newest first. */
export const HANDSHAKE_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;
/** The stateless era: every request says all there is to know. */
export const STATELESS_VERSIONS = ['2026-07-28'] as const;
/** What a request that says nothing is taken for: the only one that had no header for it. */
export const UNNAMED_VERSION = '2025-03-26';

export const SUPPORTED_VERSIONS: readonly string[] = [...STATELESS_VERSIONS, ...HANDSHAKE_VERSIONS];

const isDate = (version: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(version);

/** Whether a version, known or not, is of the stateless era: versions are dates and compare as text. */
export const isStateless = (version: string): boolean => isDate(version) && version >= STATELESS_VERSIONS[0];

export const isSupported = (version: string): boolean => SUPPORTED_VERSIONS.includes(version);

/** Versions in which several messages may come in one body. */
export const takesBatches = (version: string): boolean => version === '2025-03-26';

/** What the handshake settles on: what the client asked for, or the newest that we have. */
export const negotiate = (asked: unknown): string =>
  HANDSHAKE_VERSIONS.find((version) => version === asked) ?? HANDSHAKE_VERSIONS[0];
