const NEWLINE = 0x0a;

/**
 * Splits a byte stream into lines. Works on bytes, so a character cut in two by the network is whole again before it
 * is decoded; pieces of a long line are joined once, so its cost stays linear. An unfinished last line is dropped: the
 * sender died in the middle of it.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let pending: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end);
      start = end + 1;
      const line = pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
      pending = [];
      if (line.length > 0) yield Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8');
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
}
