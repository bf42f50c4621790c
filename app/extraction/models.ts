import { openClaude, openGoogle, openOllama, openOpenAi, type ProviderAddress } from '../providers/clients.js';
import { explainProvider, ProviderError } from '../providers/provider-error.js';
import type { Model, Question, Reply } from './model-extractor.js';

/** The four speak differently and answer alike. */
export const createOpenAiModel = (model: string, address: ProviderAddress): Model => {
  const client = openOpenAi(address);
  return define('openai', model, async ({ instructions, text, schema, signal }) => {
    const answer = await (await client).chat.completions.create(
      {
        model,
        messages: [
          { role: 'system', content: instructions },
          { role: 'user', content: text },
        ],
        response_format: { type: 'json_schema', json_schema: { name: 'facts', strict: true, schema: { ...schema } } },
      },
      { signal },
    );
    const { prompt_tokens: input = 0, completion_tokens: output = 0 } = answer.usage ?? {};
    return { text: answer.choices[0]?.message.content ?? '', tokens: { input, output } };
  });
};

/** Enough for a hundred facts. */
const MAX_OUTPUT_TOKENS = 8192;

export const createClaudeModel = (model: string, address: ProviderAddress): Model => {
  const client = openClaude(address);
  return define('claude', model, async ({ instructions, text, schema, signal }) => {
    const answer = await (await client).messages.create(
      {
        model,
        max_tokens: MAX_OUTPUT_TOKENS,
        system: instructions,
        messages: [{ role: 'user', content: text }],
        output_config: { format: { type: 'json_schema', schema: { ...schema } } },
      },
      { signal },
    );
    const { input_tokens: input, output_tokens: output } = answer.usage;
    return {
      text: answer.content.flatMap((block) => (block.type === 'text' ? block.text : [])).join(''),
      tokens: { input, output },
    };
  });
};

export const createGoogleModel = (model: string, address: ProviderAddress): Model => {
  const client = openGoogle(address);
  return define('google', model, async ({ instructions, text, schema, signal }) => {
    const answer = await (await client).models.generateContent({
      model,
      contents: text,
      config: {
        systemInstruction: instructions,
        responseMimeType: 'application/json',
        responseJsonSchema: schema,
        maxOutputTokens: MAX_OUTPUT_TOKENS,
        abortSignal: signal,
      },
    });
    const { promptTokenCount: input = 0, candidatesTokenCount: output = 0 } = answer.usageMetadata ?? {};
    return { text: answer.text ?? '', tokens: { input, output } };
  });
};

export const createOllamaModel = (model: string, address: ProviderAddress): Model =>
  define('ollama', model, async ({ instructions, text, schema, signal }) => {
    const client = await openOllama(address, signal);
    const answer = await client.chat({
      model,
      messages: [
        { role: 'system', content: instructions },
        { role: 'user', content: text },
      ],
      format: schema,
      stream: false,
    });
    return {
      text: answer.message.content,
      tokens: { input: answer.prompt_eval_count ?? 0, output: answer.eval_count ?? 0 },
    };
  });

const define = (provider: string, model: string, ask: (question: Question) => Promise<Reply>): Model => ({
  provider,
  model,
  ask: async (question) => {
    try {
      return await ask(question);
    } catch (cause) {
      if (question.signal.aborted) throw timedOut(provider, cause);
      throw explainProvider(provider, 'EXTRACTION_API_KEY', cause);
    }
  },
});

const timedOut = (provider: string, cause: unknown): ProviderError =>
  new ProviderError('unavailable', `${provider} did not answer in time.`, 'Try again later.', { cause });
