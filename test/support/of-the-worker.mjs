// The Kubernetes client is 800 modules, of which we use what reads a kubeconfig and tables of types. A suite would take longer
// to load them than to run; a worker loads them once for all of its suites.
import { pathToFileURL } from 'node:url';

const textOf = async (path) => {
  const url = pathToFileURL(path).href;
  const names = Object.keys(await import(url));
  return `const own = await globalThis[Symbol.for('memplane.test.import')](${JSON.stringify(url)});
export const { ${names.join(', ')} } = own;
`;
};

export default { processAsync: async (_, path) => ({ code: await textOf(path) }) };
