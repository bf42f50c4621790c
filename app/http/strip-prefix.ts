/** Of the documents' two gateways one strips these prefixes and the other does not: with and without is the same here. */
const PREFIXES = ['/api/memory', '/api/knowledge', '/api/sync'];

export const stripPrefix = (url: string): string => {
  // Whatever is called all the time begins otherwise.
  if (url.startsWith('/api/v1/')) return url;
  const prefix = PREFIXES.find((candidate) => url.startsWith(`${candidate}/`));
  return prefix === undefined ? url : url.slice(prefix.length);
};
