// node --import …/cdktn-alias.mjs PROGRAM: whoever asks for `cdktf`, bindings included, gets `cdktn`.
import Module, { register } from 'node:module';

const renamed = (specifier) => specifier.replace(/^cdktf(?=\/|$)/, 'cdktn');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolve(specifier, ...rest) {
  return resolveFilename.call(this, renamed(specifier), ...rest);
};

const hooks = `
  const renamed = ${renamed};
  export const resolve = (specifier, context, next) => next(renamed(specifier), context);
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`, import.meta.url);
