import { url } from '../address.js';
import { choice, group, integer, optional, text } from '../field.js';
import { secretKeyRef } from '../reference.js';

const model = (description: string) => optional(text(description, { maxLength: 128 }));
const endpoint = (acts?: boolean) =>
  optional(url('Address of the provider. Unset: the usual one.', 'https|http', acts === undefined ? {} : { acts }));
const credential = (acts?: boolean) =>
  optional(
    secretKeyRef(
      'Its key, in a Secret of mem-<name>. The credentials of classes do not act in this version.',
      acts === undefined ? {} : { acts },
    ),
  );

const fixedProvider = (field: string) => ({
  rule: 'self.provider == oldSelf.provider',
  message: `${field}.provider cannot change`,
  remedy: 'keep the provider, or make another tenant and import into it',
  fieldPath: '.provider',
});

const extraction = group(
  'Turns conversations into memories.',
  {
    provider: choice('Who does it.', ['local', 'claude', 'openai', 'google', 'ollama'], { default: 'local' }),
    model: model('Model of the provider. Unset: its usual one.'),
    endpoint: endpoint(),
    secretRef: credential(),
  },
  { defaulted: true },
);

const embedding = group(
  'Turns texts into vectors. Memories of another model are embedded anew by POST /api/v1/reembed.',
  {
    provider: choice('Who does it.', ['local', 'openai', 'google', 'ollama'], { default: 'local' }),
    model: model('Model of the provider. Unset: its usual one.'),
    dimensions: integer('Length of a vector; it must be what the model makes.', {
      default: 512,
      minimum: 1,
      maximum: 16_384,
    }),
    endpoint: endpoint(),
    secretRef: credential(),
  },
  {
    defaulted: true,
    rules: [
      {
        rule: "self.dimensions == oldSelf.dimensions || self.provider != oldSelf.provider || (has(self.model) ? self.model : '') != (has(oldSelf.model) ? oldSelf.model : '')",
        message: 'providers.embedding.dimensions changes while provider and model stay',
        remedy: 'change the model (or the provider) together with the dimensions',
        fieldPath: '.dimensions',
      },
    ],
  },
);

const vectors = group(
  'Where vectors are searched: the store of the plane, a store of your own, or inside the service. It cannot change. plane and embedded act in this version.',
  {
    provider: choice('Which store.', ['plane', 'qdrant', 'pgvector', 'embedded'], { default: 'plane' }),
    endpoint: endpoint(false),
    secretRef: credential(false),
  },
  { defaulted: true, rules: [fixedProvider('providers.vectors')] },
);

const memory = group(
  'Who keeps the memories: the service, or Mem0 or Letta behind the same API, as far as they can do it (see the guide to memory providers). It cannot change.',
  {
    provider: choice('Which one.', ['builtin', 'mem0', 'letta'], { default: 'builtin' }),
    endpoint: endpoint(),
    secretRef: credential(),
    organization: optional(text('Organisation at Mem0.', { maxLength: 128 })),
    project: optional(text('Project at Mem0.', { maxLength: 128 })),
  },
  { defaulted: true, rules: [fixedProvider('providers.memory')] },
);

export const providers = group(
  'Who does the work that is not ours. References resolve in mem-<name> only.',
  { extraction, embedding, vectors, memory },
  { defaulted: true },
);
