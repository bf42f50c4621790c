import { TRUSTED, type Trust } from '../memories/trust.js';
import type { Policies } from '../policies/schema.js';
import type { RowContent } from '../sealing/index.js';

/** Why a memory waits for a second pair of eyes. Codes only: they are stored in clear. */
export type QuarantineReason = 'injection' | 'untrusted_shared' | 'reverted' | 'imported';

interface Pattern {
  /** Without one of these words it cannot match: a look that costs a tenth of the expression. */
  readonly words: readonly string[];
  readonly form: RegExp;
}

/**
 * Texts that speak to a model rather than of the world. Every repetition is bounded, so that a hostile text of 100,000
 * characters costs milliseconds. They find what has the common form of an attack; they cannot find what has none.
 */
const INJECTIONS: readonly Pattern[] = [
  {
    words: ['ignore', 'disregard', 'forget', 'override', 'bypass'],
    form: /\b(?:ignore|disregard|forget|override|bypass)\s{1,5}(?:\w{1,20}\s{1,5}){0,4}(?:(?:previous|prior|above|earlier|preceding|existing|system|safety)\s{1,5}(?:\w{1,20}\s{1,5}){0,2}|(?:all|any|your)\s{1,5})(?:instructions?|prompts?|rules?|messages?|guidelines?|directions?)\b/i,
  },
  {
    words: ['system prompt', 'hidden instruction', 'developer message'],
    form: /\b(?:reveal|print|repeat|show|leak|output)\s{1,5}(?:\w{1,20}\s{1,5}){0,3}(?:system prompt|hidden instructions?|developer message)\b/i,
  },
  {
    words: ['tell the user', 'inform the user', 'alert the user', 'to the user', 'tell the human'],
    form: /\b(?:do not|don't|never)\s{1,5}(?:tell|inform|alert|mention (?:this|it) to)\s{1,5}the (?:user|human)\b/i,
  },
  {
    words: ['you are now'],
    form: /\byou are now\s{1,5}(?:in\s{1,5})?(?:\w{1,20}\s{1,5}){0,3}(?:mode|jailbroken|unrestricted|dan|an?\s{1,5}ai)\b/i,
  },
  {
    words: ['system instruction', 'system prompt'],
    form: /\b(?:new|updated|important) system (?:instructions?|prompt)\s{0,5}:/i,
  },
  {
    words: ['<|', 'inst]', 'sys>>', '<system', '</system', '<assistant', '</assistant', '<developer'],
    form: /<\|(?:im_start|im_end|system|endoftext|start_header_id)\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|developer)(?:_prompt)?>/i,
  },
  {
    words: ['password', 'secret', 'credential', 'api key', 'conversation', 'chat history'],
    form: /\b(?:send|post|forward|upload|exfiltrate)\s{1,5}(?:\w{1,30}\s{1,5}){0,5}(?:passwords?|secrets?|credentials?|api keys?|conversations?|chat history)\s{1,5}(?:\w{1,30}\s{1,5}){0,4}(?:to|at)\s{1,5}(?:https?:\/\/|[\w.+-]{1,64}@)/i,
  },
];

/** Most texts hold none of the words, and one look tells. */
const ANY_WORD = new RegExp(
  INJECTIONS.flatMap(({ words }) => words.map((word) => word.replace(/[|\]/]/g, '\\$&'))).join('|'),
);

export const looksInjected = (text: string): boolean => {
  const lower = text.toLowerCase();
  if (!ANY_WORD.test(lower)) return false;
  return INJECTIONS.some(({ words, form }) => words.some((word) => lower.includes(word)) && form.test(text));
};

const NONE: readonly QuarantineReason[] = [];

/** Pure: why this must not be found until somebody has looked at it; empty when nothing speaks against it. */
export const judgeMemory = (
  content: RowContent,
  { scope, trust, policies }: { readonly scope: number; readonly trust: Trust; readonly policies: Policies },
): readonly QuarantineReason[] => {
  const { injection, untrustedShared } = policies.policies.quarantine ?? { injection: true, untrustedShared: true };
  const reasons: QuarantineReason[] = [];
  if (injection && looksInjected(textOf(content))) reasons.push('injection');
  if (untrustedShared && scope > 0 && trust.trust_score < TRUSTED) reasons.push('untrusted_shared');
  return reasons.length === 0 ? NONE : reasons;
};

const textOf = ({ content, subject, predicate, object, metadata }: RowContent): string => {
  const more = Object.keys(metadata).length === 0 ? '' : JSON.stringify(metadata);
  if (more === '' && subject === null && predicate === null && object === null) return content;
  return `${content}\n${subject ?? ''}\n${predicate ?? ''}\n${object ?? ''}\n${more}`;
};
