/** What the shorter forms of a vector have in common: `form ‖ … ‖ u16 count ‖ … ‖ zeros`. */
export const HEAD = 4;
/** Numbers that the count has room for. */
export const MOST = 0xffff;
const ROUND = 16;

/** One more than a multiple of 16: so it is never the length of plain float32, and shows no small difference. */
export const paddedLength = (length: number): number => Math.ceil((length - 1) / ROUND) * ROUND + 1;

export const hasForm = (bytes: Uint8Array, form: number): boolean => bytes.length % 4 !== 0 && bytes[0] === form;
