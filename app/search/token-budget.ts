/**
 * About how many tokens a model makes of a text: four characters of Latin script each, one for each character of scripts
 * that tokenisers split finely. On the high side, so that what is said to fit does.
 */
export const estimateTokens = (text: string): number => {
  let others = 0;
  for (const character of text) if ((character.codePointAt(0) ?? 0) > 0x2ff) others++;
  return Math.ceil((text.length - others) / 4) + others;
};

export interface Fitted<T> {
  readonly items: readonly T[];
  readonly tokens: number;
  /** Something was left out. */
  readonly truncated: boolean;
}

/** In order, what fits, all of it without a budget; what is too large for the room left is passed over for what is not. */
export const fitTokens = <T>(
  items: readonly T[],
  textOf: (item: T) => string,
  budget: number | undefined,
): Fitted<T> => {
  if (budget === undefined) return { items, tokens: 0, truncated: false };
  let tokens = 0;
  const kept = items.filter((item) => {
    const cost = estimateTokens(textOf(item));
    if (tokens + cost > budget) return false;
    tokens += cost;
    return true;
  });
  return { items: kept, tokens, truncated: kept.length < items.length };
};
