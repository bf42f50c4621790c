export { type FieldError, MemplaneError } from './error.js';
export type * from './generated/types.js';
export { type AddOptions, Memplane } from './memplane.js';
export type { CallOptions, ClientOptions } from './transport.js';
