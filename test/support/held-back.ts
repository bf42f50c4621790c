import type { Database } from '../../app/db/pool.js';

/** A database to which statements of one kind are on their way until they are let go. */
export const holdBack = (pool: Database, kind: RegExp): { readonly db: Database; letGo(): void } => {
  let letGo: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const query = async (text: string, values?: unknown[]) => {
    if (kind.test(text)) await gone;
    return pool.query(text, values);
  };
  return { db: { query } as unknown as Database, letGo: () => letGo() };
};
