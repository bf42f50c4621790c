// Bindings of providers are megabytes, most of them comments and source maps, and each suite compiles its own anew. They are
// taken bare, once for all runs: jest keeps what a transformer made.
const { minifySync } = require('@swc/core');

/** Names and statements stay as they are: exports are found by their text. */
const OPTIONS = { compress: false, mangle: false, module: false, sourceMap: false, format: { comments: false } };

module.exports = { process: (source) => minifySync(source, OPTIONS) };
