/** Every type that the feed tells of, by what it is about. A test holds it against what the service records. */
export const FEED_TYPES: Readonly<Record<string, readonly string[]>> = {
  memory: [
    ...['created', 'updated', 'replaced', 'superseded', 'merged', 'feedback', 'reviewed', 'reverted', 'deleted'],
  ],
  key: ['create', 'rotate', 'revoke'],
  role: ['change', 'delete'],
  hold: ['placed', 'released'],
  review: ['requested', 'approved', 'rejected'],
  erasure: ['requested', 'key_destroyed', 'completed'],
  data: ['export', 'import', 'artifact', 'reembed', 'expire', 'forget', 'marked'],
  webhook: ['created', 'changed', 'deleted'],
  security: ['tamper'],
  // Of what does not act yet nothing is told; whoever waits for it may say so already.
  backup: [],
  restore: [],
};
export const FEED_KINDS: readonly string[] = Object.keys(FEED_TYPES);

/** What is wrong with a type that somebody wants to be told of, and what it may be: one that never comes is a mistake. */
export const typeTrouble = (wanted: string): string | undefined => {
  if (wanted === '*') return undefined;
  const [kind = '', ...rest] = wanted.split('.');
  const known = Object.hasOwn(FEED_TYPES, kind) ? FEED_TYPES[kind] : undefined;
  const told = JSON.stringify(wanted.slice(0, 60));
  if (known === undefined)
    return `${told} is no type of event: there are *, and ${FEED_KINDS.map((name) => `${name}.*`).join(', ')}`;
  const name = rest.join('.');
  if (name === '*' || known.includes(name)) return undefined;
  return `${told} is no type of event: there are ${['*', ...known].map((one) => `${kind}.${one}`).join(', ')}`;
};
