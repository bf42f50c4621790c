import type Anthropic from '@anthropic-ai/sdk';
import type { GoogleGenAI } from '@google/genai';
import type { Ollama } from 'ollama';
import type OpenAI from 'openai';

/** How to reach a provider of language models. */
export interface ProviderAddress {
  readonly apiKey: string | undefined;
  /** @default the provider's own */
  readonly endpoint: string | undefined;
  readonly timeoutMs: number;
  /** Requests go through this: the guard of addresses that a tenant names. @default the runtime's */
  readonly fetch?: typeof fetch;
}

/** The SDKs' own retries are off: one rule for all providers is in `retry.ts`. Each is loaded when it is configured. */
export const openOpenAi = async (address: ProviderAddress): Promise<OpenAI> => {
  const { default: Client } = await import('openai');
  return new Client(clientOptions(address));
};

export const openClaude = async (address: ProviderAddress): Promise<Anthropic> => {
  const { default: Client } = await import('@anthropic-ai/sdk');
  return new Client(clientOptions(address));
};

const clientOptions = ({ apiKey, endpoint, timeoutMs, fetch }: ProviderAddress) => ({
  apiKey: apiKey ?? '',
  baseURL: endpoint ?? null,
  timeout: timeoutMs,
  maxRetries: 0,
  ...(fetch ? { fetch } : {}),
});

export const openGoogle = async ({ apiKey, endpoint, timeoutMs, fetch }: ProviderAddress): Promise<GoogleGenAI> => {
  const { GoogleGenAI: Client } = await import('@google/genai');
  return new Client({
    apiKey: apiKey ?? '',
    httpOptions: {
      timeout: timeoutMs,
      ...(endpoint === undefined ? {} : { baseUrl: endpoint }),
      ...(fetch ? { fetch } : {}),
    },
  });
};

/** Its client has no time limit and no signal: both come with each request. */
export const openOllama = async (
  { apiKey, endpoint, fetch: go = fetch }: ProviderAddress,
  signal: AbortSignal,
): Promise<Ollama> => {
  const { Ollama: Client } = await import('ollama');
  return new Client({
    host: endpoint ?? 'http://127.0.0.1:11434',
    fetch: (input, init) => go(input, { ...init, signal }),
    ...(apiKey === undefined ? {} : { headers: { Authorization: `Bearer ${apiKey}` } }),
  });
};
