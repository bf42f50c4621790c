export type { SealBatch, SealedBatch } from './batch.js';
export { newSalts, sealBatch } from './batch.js';
export type { SealErrorCode } from './errors.js';
export { SealError } from './errors.js';
export { roundToHalf } from './half-vector.js';
export type { Json } from './jcs.js';
export { jcs, jcsBytes, NotCanonical } from './jcs.js';
export type { ContentUse, MacRow } from './macs.js';
export {
  apiKeyHash,
  contentHash,
  contentHashOfJson,
  cursorKey,
  pseudonym,
  rowMac,
  rowMacOfJcs,
  verifyRowMac,
  verifyRowMacOfJcs,
} from './macs.js';
export type { Place } from './place.js';
export type { RowContent, RowEnvelope, SealedRow } from './row.js';
export { newRowEnvelope, openRow, rowCommit, rowPlaintext, sealRow, storeInClear } from './row.js';
export type { Purpose, SealedHeader } from './sealed-value.js';
export { open, seal, sealedHeader } from './sealed-value.js';
export { casedWordsOf, normalise, termsOf, wordsOf } from './terms.js';
export { padTokens, queryTokens, searchTokens, termTokens } from './tokens.js';
export { openVector, sealVector } from './vector.js';
