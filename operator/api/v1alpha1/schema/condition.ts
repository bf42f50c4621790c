import { choice, group, integer, list, optional, SAFE_MAX, text } from './field.js';
import { timestamp } from './time.js';

const condition = group('One thing that is known about the object, and why.', {
  type: text('What it is about, such as Ready or DatabaseReady.', {
    maxLength: 316,
    pattern: '^[A-Za-z][A-Za-z0-9]*$',
    expects: 'a type in CamelCase',
  }),
  status: choice('Whether it holds.', ['True', 'False', 'Unknown']),
  reason: text('Why, as one CamelCase word for machines.', {
    maxLength: 1024,
    pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    expects: 'a reason in CamelCase',
  }),
  message: text('What, which object, and what to do, for people.', { minLength: 0, maxLength: 32_768 }),
  lastTransitionTime: timestamp('When status last changed.'),
  observedGeneration: optional(integer('The generation of spec that this was seen at.', { maximum: SAFE_MAX })),
});

export const conditions = (description: string) =>
  optional(list(description, condition, { type: 'map', keys: ['type'], maxItems: 40 }));

export const observedGeneration = () =>
  optional(integer('The generation of spec that status speaks of.', { maximum: SAFE_MAX }));
