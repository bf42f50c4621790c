import { isObject, type Json, type JsonObject } from '../http/json.js';
import { isUuid } from '../http/validate.js';
import { ProviderError } from '../providers/provider-error.js';

/** What a provider answered, read with care: it is somebody else's program, and may be of another version. */
export const unexpected = (provider: string, what: string): ProviderError =>
  new ProviderError(
    'invalid',
    `${provider} answered without ${what}.`,
    'Check MEMORY_PROVIDER_URL, and whether this version of the provider is one that Memplane knows.',
  );

export const readObject = (provider: string, value: Json | undefined, what: string): JsonObject => {
  if (isObject(value)) return value;
  throw unexpected(provider, what);
};

export const readList = (provider: string, value: Json | undefined, what: string): readonly Json[] => {
  if (Array.isArray(value)) return value;
  throw unexpected(provider, what);
};

export const readText = (provider: string, value: Json | undefined, what: string): string => {
  if (typeof value === 'string') return value;
  throw unexpected(provider, what);
};

export const readId = (provider: string, value: Json | undefined): string => {
  if (typeof value === 'string' && isUuid(value)) return value.toLowerCase();
  throw unexpected(provider, 'the id of a memory');
};

export const readDate = (provider: string, value: Json | undefined, otherwise?: Date): Date => {
  const time = typeof value === 'string' ? new Date(value) : undefined;
  if (time && !Number.isNaN(time.getTime())) return time;
  if (otherwise) return otherwise;
  throw unexpected(provider, 'a time');
};
