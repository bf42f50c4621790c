import { Type } from '@sinclair/typebox';
import { text } from './config-fields.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the documents call a setting that has a name of ours, which goes first. */
const OTHER_NAMES = { LLM_PROVIDER: 'EXTRACTION_PROVIDER', API_KEY: 'MEMPLANE_BOOTSTRAP_KEY' } as const;
/** A key of a provider that is not taken is left alone: it may be there for another program. */
const KEYS_ELSEWHERE: Readonly<Record<string, string>> = { mem0: 'MEM0_API_KEY', letta: 'LETTA_API_KEY' };

const otherNamesFor = ({ MEMORY_PROVIDER = '' }: Environment): readonly (readonly [string, string])[] => {
  const key = KEYS_ELSEWHERE[MEMORY_PROVIDER.toLowerCase()];
  return [...Object.entries(OTHER_NAMES), ...(key === undefined ? [] : [[key, 'MEMORY_PROVIDER_API_KEY'] as const])];
};

/** Under our names; a value that is wrong is told under the name by which it came. */
export const readOtherNames = (
  env: Environment,
): { readonly env: Environment; readonly nameOf: (key: string) => string } => {
  const taken = otherNamesFor(env).filter(([other, ours]) => env[other] && !env[ours]);
  const names = new Map(taken.map(([other, ours]) => [ours as string, other]));
  const added = Object.fromEntries(taken.map(([other, ours]) => [ours, env[other]]));
  return { env: { ...env, ...added }, nameOf: (key) => names.get(key) ?? key };
};

const providerKey = (provider: string) =>
  Type.Optional(
    text('^[\\x21-\\x7e]{1,4096}$', {
      description: `The key of ${provider}, where EXTRACTION_API_KEY or EMBEDDING_API_KEY names none.`,
      allowed: '1 to 4,096 characters',
      secret: true,
    }),
  );

export const ProviderKeys = {
  OPENAI_API_KEY: providerKey('OpenAI'),
  ANTHROPIC_API_KEY: providerKey('Claude'),
  GOOGLE_API_KEY: providerKey('Google'),
};

const KEY_OF: Readonly<Record<string, keyof typeof ProviderKeys>> = {
  openai: 'OPENAI_API_KEY',
  claude: 'ANTHROPIC_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  google: 'GOOGLE_API_KEY',
};

interface Tasks extends Readonly<Partial<Record<keyof typeof ProviderKeys, string>>> {
  readonly EXTRACTION_PROVIDER: string;
  readonly EXTRACTION_API_KEY?: string;
  readonly EMBEDDING_PROVIDER: string;
  readonly EMBEDDING_API_KEY?: string;
}

const TASKS = ['EXTRACTION', 'EMBEDDING'] as const;

/** A provider that wants a key, and none was given. */
export const KEY_RULES = TASKS.map((task) => ({
  key: `${task}_API_KEY`,
  isBroken: (values: Readonly<Record<string, unknown>>): boolean => {
    const name = KEY_OF[String(values[`${task}_PROVIDER`])];
    return name !== undefined && values[`${task}_API_KEY`] === undefined && values[name] === undefined;
  },
  message: `${task}_API_KEY is required by this ${task}_PROVIDER, or the provider's own (OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_API_KEY); without a key only local starts`,
}));

/** The key of each task: its own, else its provider's. */
export const readProviderKeys = (values: Tasks): Pick<Tasks, 'EXTRACTION_API_KEY' | 'EMBEDDING_API_KEY'> => {
  const keyOf = (provider: string): string | undefined => {
    const name = KEY_OF[provider];
    return name === undefined ? undefined : values[name];
  };
  const extraction = values.EXTRACTION_API_KEY ?? keyOf(values.EXTRACTION_PROVIDER);
  const embedding = values.EMBEDDING_API_KEY ?? keyOf(values.EMBEDDING_PROVIDER);
  return {
    ...(extraction === undefined ? {} : { EXTRACTION_API_KEY: extraction }),
    ...(embedding === undefined ? {} : { EMBEDDING_API_KEY: embedding }),
  };
};

const otherKey = (provider: string) =>
  Type.Optional(
    text('^[\\x21-\\x7e]{1,4096}$', {
      description: `Another name of MEMORY_PROVIDER_API_KEY, which goes first, with MEMORY_PROVIDER=${provider}.`,
      allowed: '1 to 4,096 characters',
      secret: true,
    }),
  );

/** Known by the documents' name only, so that the reference lists them. */
export const OtherNames = {
  LLM_PROVIDER: Type.Optional(
    text('^.+$', { description: 'Another name of EXTRACTION_PROVIDER, which goes first.', allowed: 'as there' }),
  ),
  MEM0_API_KEY: otherKey('mem0'),
  LETTA_API_KEY: otherKey('letta'),
  API_KEY: Type.Optional(
    text('^[\\x21-\\x7e]{16,256}$', {
      description: 'Another name of MEMPLANE_BOOTSTRAP_KEY, which goes first.',
      allowed: 'at least 16 characters',
      secret: true,
    }),
  ),
};
