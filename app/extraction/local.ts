import { type Extraction, type Extractor, type Fact, MAX_FACTS, type Message } from './extractor.js';

/**
 * Rules without a model: the sentences in which people say something of themselves. It misses what is said round about,
 * finds what is said plainly, costs nothing and sends nothing anywhere. English.
 */
export const createLocalExtractor = (): Extractor => ({
  provider: 'local',
  model: 'rules-1',
  extract: async (messages) => extractLocally(messages),
  trouble: () => undefined,
});

const extractLocally = (messages: readonly Message[]): Extraction => {
  const seen = new Set<string>();
  const facts = messages.flatMap(({ role, content }, message) =>
    role === 'user' || role === 'assistant' ? splitSentences(content).flatMap((text) => read(text, role, message)) : [],
  );
  const fresh = facts.filter(({ content }) => {
    const key = content.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
  return { facts: fresh.slice(0, MAX_FACTS), tokens: { input: 0, output: 0 } };
};

/** Bounded, so that a hostile text costs milliseconds. */
const MAX_SENTENCE = 1_000;

const splitSentences = (text: string): readonly string[] =>
  text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence.length > 0 && sentence.length <= MAX_SENTENCE)
    .flatMap(splitClauses);

const CLAUSE =
  /(?:,? (?:and|but)|[,;]) (?=(?:i|i'm|i've|i'd) |my [\p{L}' -]{2,40}? (?:is|are|was|has|have|lives|works|likes|loves|hates|prefers) )/iu;

/** "I live in Oslo and I work at Acme": two statements, each of which stands alone. What is to be kept is kept as it was said. */
const splitClauses = (sentence: string): readonly string[] =>
  REMEMBER.test(sentence) ? [sentence] : sentence.split(CLAUSE).map((clause) => capitalise(clause));

const capitalise = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

interface Rule {
  readonly pattern: RegExp;
  readonly predicate: string;
  readonly importance: number;
}

/** The first that matches counts; `$1` is the object. What is lasting matters more than what is liked. */
const RULES: readonly Rule[] = [
  { pattern: /^(?:my name is|i am called|call me|i'm called)\s+(.+)$/i, predicate: 'is_named', importance: 0.9 },
  { pattern: /^i(?:'m| am) allergic to\s+(.+)$/i, predicate: 'is_allergic_to', importance: 0.95 },
  { pattern: /^i (?:live|reside) (?:in|at|near)\s+(.+)$/i, predicate: 'lives_in', importance: 0.8 },
  { pattern: /^i(?:'m| am) from\s+(.+)$/i, predicate: 'is_from', importance: 0.7 },
  { pattern: /^i(?:'ve| have) moved to\s+(.+)$|^i moved to\s+(.+)$/i, predicate: 'lives_in', importance: 0.8 },
  { pattern: /^i work (?:at|for|with)\s+(.+)$/i, predicate: 'works_at', importance: 0.8 },
  { pattern: /^i work as\s+(?:an?\s+)?(.+)$/i, predicate: 'works_as', importance: 0.8 },
  { pattern: /^my (?:birthday|date of birth) is\s+(?:on\s+)?(.+)$/i, predicate: 'was_born_on', importance: 0.8 },
  { pattern: /^i was born (?:in|on)\s+(.+)$/i, predicate: 'was_born_in', importance: 0.7 },
  { pattern: /^i(?: really| also)? (?:love|like|enjoy|adore)\s+(.+)$/i, predicate: 'likes', importance: 0.6 },
  {
    pattern: /^i(?: really)? (?:hate|dislike|(?:do not|don't|can't|cannot) (?:like|stand))\s+(.+)$/i,
    predicate: 'dislikes',
    importance: 0.6,
  },
  { pattern: /^i(?:'d)? prefer\s+(.+)$/i, predicate: 'prefers', importance: 0.65 },
  { pattern: /^i (?:always|usually|never)\s+(.+)$/i, predicate: 'has_the_habit', importance: 0.5 },
  { pattern: /^i(?:'m| am) (?:learning|studying)\s+(.+)$/i, predicate: 'studies', importance: 0.6 },
  { pattern: /^i speak\s+(.+)$/i, predicate: 'speaks', importance: 0.6 },
  {
    pattern: /^i(?:'m| am) (?:going|planning|about) to\s+(.+)$|^i(?:'ll| will)\s+(.+)$/i,
    predicate: 'plans',
    importance: 0.6,
  },
  { pattern: /^i need\s+(.+)$/i, predicate: 'needs', importance: 0.5 },
  { pattern: /^i(?: have|'ve got| own)\s+(.+)$/i, predicate: 'has', importance: 0.55 },
  { pattern: /^i(?:'m| am)\s+(.+)$/i, predicate: 'is', importance: 0.5 },
  { pattern: /^i\s+(.+)$/i, predicate: 'said', importance: 0.4 },
];
/** "My sister lives in Oslo": about somebody or something of the person's. */
const POSSESSION =
  /^my ([\p{L}' -]{2,40}?) (is (?:called|named)|is|are|was|has|have|lives in|works at|likes|loves|hates|prefers)\s+(.+)$/iu;
const REMEMBER = /^(?:please\s+)?(?:remember|note|keep in mind)(?: that)?[:,]?\s+(.+)$/i;

const END = /[.!\s]+$/;
/** How people begin what they say next, and when: no part of what they say. */
const TURN =
  /^(?:(?:actually|also|well|oh|hi|hello|hey|yes|no|so|and|but|btw|by the way|these days|nowadays|now)\b[,!]? )+/i;
const stripTurn = (sentence: string): string =>
  sentence
    .replace(TURN, '')
    .replace(END, '')
    .replace(/ (?:now|nowadays|these days)$/i, '');

const SAID_PLAINLY = 0.8;
const SAID_TO_BE_KEPT = 0.95;

const read = (sentence: string, role: 'user' | 'assistant', message: number): readonly Fact[] => {
  const remembered = REMEMBER.exec(sentence)?.[1];
  const text = remembered === undefined ? capitalise(stripTurn(sentence)) : remembered.replace(END, '');
  if (text.endsWith('?') || text.length < 4) return [];
  const confidence = remembered ? SAID_TO_BE_KEPT : SAID_PLAINLY;
  // What an assistant says of itself is no fact about the person.
  if (role === 'assistant' && !remembered) return [];
  const found =
    readOwn(text) ?? readPossession(text) ?? (remembered ? { predicate: null, importance: 0.8 } : undefined);
  if (!found) return [];
  const { subject = null, predicate, object = null, importance } = { subject: null, object: null, ...found };
  return [{ content: `${text}.`, subject, predicate, object, confidence, importance, message }];
};

interface Found {
  readonly subject?: string;
  readonly predicate: string | null;
  readonly object?: string;
  readonly importance: number;
}

const readOwn = (text: string): Found | undefined => {
  for (const { pattern, predicate, importance } of RULES) {
    const match = pattern.exec(text);
    const object = match?.slice(1).find((group) => group !== undefined);
    if (object) return { subject: 'user', predicate, object: object.slice(0, 500), importance };
  }
  return undefined;
};

const readPossession = (text: string): Found | undefined => {
  const [, whose, verb, object] = POSSESSION.exec(text) ?? [];
  if (!whose || !verb || !object) return undefined;
  const predicate = verb.toLowerCase().replace(' ', '_').replace('is_called', 'is_named');
  return { subject: `user's ${whose.toLowerCase()}`, predicate, object: object.slice(0, 500), importance: 0.6 };
};
