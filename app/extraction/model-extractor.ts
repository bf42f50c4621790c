import { randomUUID } from 'node:crypto';
import { compileCheck } from '../http/validate.js';
import { ProviderError } from '../providers/provider-error.js';
import { withRetries } from '../providers/retry.js';
import { type Extraction, type Extractor, type Fact, MAX_FACTS, type Message } from './extractor.js';
import { AnswerSchema, buildConversation, buildInstructions } from './prompt.js';

export interface Question {
  readonly instructions: string;
  readonly text: string;
  readonly schema: object;
  readonly signal: AbortSignal;
}
export interface Reply {
  readonly text: string;
  readonly tokens: { readonly input: number; readonly output: number };
}

/** One provider's way to ask a model for JSON of a schema. Throws `ProviderError`. */
export interface Model {
  readonly provider: string;
  readonly model: string;
  ask(question: Question): Promise<Reply>;
}

export interface ModelExtractorOptions {
  readonly model: Model;
  readonly timeoutMs: number;
}

/** A second answer after one that was no JSON of the schema; a third has never helped. */
const ANSWERS = 2;

export const createModelExtractor = (options: ModelExtractorOptions): Extractor => new ModelExtractor(options);

class ModelExtractor implements Extractor {
  readonly provider: string;
  readonly model: string;
  readonly #options: ModelExtractorOptions;
  #trouble: string | undefined;

  constructor(options: ModelExtractorOptions) {
    this.#options = options;
    this.provider = options.model.provider;
    this.model = options.model.model;
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  async extract(messages: readonly Message[], signal?: AbortSignal, guidance?: string): Promise<Extraction> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const extraction = await this.#ask(messages, signal ? AbortSignal.any([signal, timeout]) : timeout, guidance);
      this.#trouble = undefined;
      return extraction;
    } catch (cause) {
      if (cause instanceof ProviderError && !signal?.aborted) this.#trouble = cause.message;
      throw cause;
    }
  }

  async #ask(messages: readonly Message[], signal: AbortSignal, guidance?: string): Promise<Extraction> {
    // A mark that nobody in the conversation can know, so nobody can end it early.
    const text = buildConversation(messages, randomUUID());
    const spent = { input: 0, output: 0 };
    for (let answer = 1; ; answer++) {
      const question = { instructions: buildInstructions(guidance), text, schema: AnswerSchema, signal };
      const reply = await withRetries(signal, () => this.#options.model.ask(question));
      spent.input += reply.tokens.input;
      spent.output += reply.tokens.output;
      const facts = readFacts(reply.text, messages.length);
      if (facts) return { facts, tokens: spent };
      if (answer === ANSWERS) {
        throw new ProviderError(
          'invalid',
          `${this.provider} answered ${ANSWERS} times with something else than the JSON that was asked for.`,
          `Use a model that can answer by a JSON schema; ${this.model} is configured.`,
        );
      }
    }
  }
}

const checkAnswer = compileCheck(AnswerSchema);

const readFacts = (text: string, messages: number): readonly Fact[] | undefined => {
  let parsed: unknown;
  try {
    // Some models wrap JSON in a fence, whatever they are told.
    parsed = JSON.parse(text.replace(/^\s*```(?:json)?\s*|\s*```\s*$/g, ''));
  } catch {
    return undefined;
  }
  const checked = checkAnswer(parsed);
  if (!checked.ok) return undefined;
  return checked.value.facts.slice(0, MAX_FACTS).flatMap((fact) => {
    const content = clean(fact.content);
    if (content === '') return [];
    return [
      {
        content,
        subject: clean(fact.subject) || null,
        predicate: clean(fact.predicate) || null,
        object: clean(fact.object) || null,
        confidence: clamp(fact.confidence),
        importance: clamp(fact.importance),
        message: Math.min(Math.max(0, fact.message), messages - 1),
      },
    ];
  });
};

const clean = (text: string | null): string => (text ?? '').replaceAll('\0', '').trim();
const clamp = (value: number): number => Math.min(1, Math.max(0, value));
