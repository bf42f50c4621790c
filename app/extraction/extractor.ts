/** What somebody said, in order. */
export interface Message {
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly content: string;
  readonly name?: string;
  readonly at?: string;
}

/** Something worth remembering, whoever found it: one shape for every provider. */
export interface Fact {
  /** A sentence that stands alone. */
  readonly content: string;
  readonly subject: string | null;
  readonly predicate: string | null;
  readonly object: string | null;
  /** 0 to 1. */
  readonly confidence: number;
  /** 0 to 1. */
  readonly importance: number;
  /** Which message it came from, by position. */
  readonly message: number;
}

export interface Extraction {
  readonly facts: readonly Fact[];
  readonly tokens: { readonly input: number; readonly output: number };
}

export interface Extractor {
  readonly provider: string;
  readonly model: string;
  /** Throws `ProviderError`. `guidance`: what the tenant wants noted, and what not, in its own words; rules cannot heed it. */
  extract(messages: readonly Message[], signal?: AbortSignal, guidance?: string): Promise<Extraction>;
  /** `undefined` when the last thing heard of the provider was good, or nothing was. */
  trouble(): string | undefined;
}

/** More than a person says in one conversation that is worth keeping; also bounds what an answer may cost. */
export const MAX_FACTS = 100;
