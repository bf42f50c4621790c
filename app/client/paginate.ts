interface Page<T> {
  readonly results: readonly T[];
  readonly next_cursor: string | null;
}

/** Every result of every page, each page fetched when the one before it is used up. */
export async function* paginate<T, I extends object>(
  fetchPage: (input: I & { readonly cursor?: string }) => Promise<Page<T>>,
  input: I,
): AsyncGenerator<T> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page: Page<T> = await fetchPage({ ...input, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.results;
    cursor = page.next_cursor;
  }
}
