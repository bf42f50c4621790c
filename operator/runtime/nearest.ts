/** Levenshtein's: enough to see a slip of the finger. */
export const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

/** What was probably meant; undefined when nothing is near. */
export const nearest = (given: string, known: readonly string[]): string | undefined => {
  const furthest = Math.max(2, Math.floor(given.length / 3));
  const ranked = known
    .map((name) => ({ name, away: distance(name.toLowerCase(), given.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const [first] = ranked;
  if (first !== undefined && first.away <= furthest) return first.name;
  return given.length >= 2 ? known.find((name) => name.startsWith(given)) : undefined;
};
