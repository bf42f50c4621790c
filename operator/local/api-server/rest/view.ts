import { Entry } from '../entry.js';
import { apiVersionOf, type KubeObject } from '../objects.js';
import { isCustom, type Resource } from '../resources/resource.js';
import { withDefaults } from '../schema/defaults.js';
import type { Schema } from '../schema/schema.js';

const views = new WeakMap<Entry, { readonly schema: Schema; readonly view: Entry }>();

/**
 * A stored object as a kind shows it now: in the version asked for, with the defaults that its definition has got since
 * it was written. Most objects need neither and are shown as they are.
 */
export function view(resource: Resource, entry: Entry): Entry {
  if (!isCustom(resource)) return entry;
  const known = views.get(entry);
  if (known?.schema === resource.schema) return known.view;
  const apiVersion = apiVersionOf(resource.group, resource.version);
  const filled = withDefaults(entry.object, resource.schema) as KubeObject;
  const object = filled.apiVersion === apiVersion ? filled : { ...filled, apiVersion };
  const shown = object === entry.object ? entry : new Entry(object, entry.revision);
  views.set(entry, { schema: resource.schema, view: shown });
  return shown;
}
