import { type Attributes, type Json, plainId, type StackJson } from './terraform-json.js';

/** A copy of a stack that can be broken on purpose. */
export class Editable {
  readonly stack: StackJson;

  constructor(stack: StackJson) {
    this.stack = JSON.parse(JSON.stringify(stack)) as StackJson;
  }

  set(type: string, id: string, path: readonly (string | number)[], value: Json): void {
    const last = path[path.length - 1] ?? '';
    const parent = path.slice(0, -1).reduce<Json>((json, key) => step(json, key), this.find(type, id));
    step(parent, last);
    (parent as Record<string | number, Json>)[last] = value;
  }

  get(type: string, id: string): Readonly<Attributes> {
    return this.find(type, id);
  }

  /** An attribute that was not there. */
  add(type: string, id: string, attribute: string, value: Json): void {
    const attributes = this.find(type, id);
    if (attributes[attribute] !== undefined) throw new Error(`${type}.${id} has ${attribute} already`);
    attributes[attribute] = value;
  }

  replace(type: string, id: string, attribute: string, from: string, to: string): void {
    const attributes = this.find(type, id);
    const text = String(attributes[attribute]);
    if (!text.includes(from)) throw new Error(`${type}.${id}.${attribute} has no ${from}`);
    attributes[attribute] = text.replace(from, to);
  }

  remove(type: string, id: string): void {
    const ofType = this.stack.resource[type] ?? {};
    const found = Object.keys(ofType).find((one) => plainId(one) === id);
    if (found === undefined) throw new Error(`no ${type}.${id} to remove`);
    delete ofType[found];
  }

  private find(type: string, id: string): Attributes {
    const found = Object.entries(this.stack.resource[type] ?? {}).find(([one]) => one === id || plainId(one) === id);
    if (found === undefined) throw new Error(`no ${type}.${id} to break`);
    return found[1];
  }
}

/** A mutant of something that is not there would survive for the wrong reason. */
function step(json: Json, key: string | number): Json {
  const inner = (json as Record<string | number, Json>)[key];
  if (inner === undefined) throw new Error(`nothing at ${key} in ${JSON.stringify(json)}`);
  return inner;
}
