import { type EvidenceFact, questionOf } from './fact.js';

export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly rule: string;
  readonly controls: readonly string[];
  readonly stack: string;
  readonly address: string;
  readonly attribute: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** `pass "COMPLIANCE"`; one question may have several answers, such as an attribute of each rule of a list. */
const answerOf = ({ verdict, value, waiver }: EvidenceFact): string =>
  `${verdict} ${value}${waiver === undefined ? '' : ` (${waiver})`}`;

function byQuestion(facts: readonly EvidenceFact[]): ReadonlyMap<string, readonly EvidenceFact[]> {
  const groups = new Map<string, EvidenceFact[]>();
  for (const fact of facts) groups.set(questionOf(fact), [...(groups.get(questionOf(fact)) ?? []), fact]);
  return groups;
}

/** What is no longer evidence, what is new, and what has another answer. */
export function compareFacts(before: readonly EvidenceFact[], after: readonly EvidenceFact[]): readonly Difference[] {
  const [old, now] = [byQuestion(before), byQuestion(after)];
  const questions = [...new Set([...old.keys(), ...now.keys()])].sort();
  return questions.flatMap((question): readonly Difference[] => {
    const [was = [], is = []] = [old.get(question), now.get(question)];
    const [one] = [...is, ...was];
    const answers = { before: was.map(answerOf).sort(), after: is.map(answerOf).sort() };
    if (one === undefined || JSON.stringify(answers.before) === JSON.stringify(answers.after)) return [];
    const { rule, controls, stack, address, attribute } = one;
    const kind = was.length === 0 ? 'added' : is.length === 0 ? 'removed' : 'changed';
    return [{ kind, rule, controls, stack, address, attribute, ...answers }];
  });
}
