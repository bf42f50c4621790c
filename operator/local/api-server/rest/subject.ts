import type { Subject } from '../errors.js';
import type { Resource } from '../resources/resource.js';

/** What an error is about. */
export const subjectOf = (resource: Resource, name?: string): Subject => ({
  group: resource.group,
  resource: resource.plural,
  name,
});
