/** A statement as what it answers, and what it answers to that. Two answers to one question contradict each other. */
export interface Divided {
  readonly question: readonly string[];
  readonly answer: string;
}

/** Of these much is true at once: who owns a cat may own a dog. Another object is another statement, not another opinion. */
const MANY_AT_ONCE: ReadonlySet<string> = new Set([
  ...['has', 'owns', 'uses', 'knows', 'speaks', 'studies', 'needs', 'wants', 'plans', 'said', 'visited', 'prefers'],
  ...['is_allergic_to', 'has_the_habit'],
]);

/** So it is with these, and whether somebody likes a thing is one question with two answers. */
const STANCES: ReadonlyMap<string, string> = new Map([
  ...['likes', 'loves', 'enjoys'].map((verb) => [verb, 'for'] as const),
  ...['dislikes', 'hates'].map((verb) => [verb, 'against'] as const),
]);

const COPULAS: ReadonlySet<string> = new Set(['is', 'are', 'was', 'were']);
/** What there is one of: a second one is another. */
const ATTRIBUTE =
  /\b(?:favou?rite|preferred|name|nickname|username|age|birthday|colou?r|size|height|weight|address|city|country|hometown|number|e-?mail|password|pin|code|job|profession|title|role|employer|deadline|budget|salary|language|currency|time ?zone|diet|nationality)s?\b/;

/** Pure. The words come without case, and without the spaces around them. */
export const divideStatement = (subject: string, predicate: string, object: string): Divided => {
  const verb = predicate.replace(/[\s-]+/g, '_');
  const stance = STANCES.get(verb);
  if (stance !== undefined) return { question: [subject, 'likes', object], answer: stance };
  const isOneOfMany = MANY_AT_ONCE.has(verb) || (COPULAS.has(verb) && isSomebodyOfTheirs(subject));
  return { question: isOneOfMany ? [subject, predicate, object] : [subject, predicate], answer: object };
};

/**
 * `user` is what extraction calls the person, and `user's dog` whoever is theirs: tired and a nurse, brown and old at once. Of
 * whatever else somebody names, and of an attribute (`user's favourite colour`), it is taken that it is one thing.
 */
const isSomebodyOfTheirs = (subject: string): boolean =>
  subject === 'user' || (/^user['’]s /.test(subject) && !ATTRIBUTE.test(subject));
