export { type BoundFilter, bindFilter } from './bind.js';
export { type CompileContext, type CompiledFilter, compileFilter, NO_FILTER } from './compile.js';
export { FIELD_NAMES, OPERATORS } from './fields.js';
export { matchesFilter } from './match.js';
export { type ParseOptions, parseFilter, parseFilterText } from './parse.js';
export { type Filter, testsOf } from './tree.js';
