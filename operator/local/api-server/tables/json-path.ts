import { isDict, type MutableDict } from '../objects.js';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly field: readonly string[]; readonly value: string };

const STEP =
  /^(?:\.([A-Za-z0-9_-]+(?:\\\.[A-Za-z0-9_/-]+)*)|\[(-?\d+)\]|\[(\*)\]|\['([^']+)'\]|\[\?\(@\.([A-Za-z0-9_.-]+)\s*==\s*["']([^"']*)["']\)\])/;
const parsed = new Map<string, readonly Step[]>();

/** The simple JSONPath of printer columns: fields, indexes, `[*]` and filters for equality. */
function parse(path: string): readonly Step[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const steps: Step[] = [];
  let rest = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) break;
    steps.push(stepOf(match));
    rest = rest.slice(match[0].length);
  }
  parsed.set(path, steps);
  return steps;
}

function stepOf([, field, index, all, quoted, filter, value]: RegExpExecArray): Step {
  if (field !== undefined) return { kind: 'field', name: field.replaceAll('\\.', '.') };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (all !== undefined) return { kind: 'all' };
  if (quoted !== undefined) return { kind: 'field', name: quoted };
  return { kind: 'filter', field: (filter ?? '').split('.'), value: value ?? '' };
}

/** Every value that a path finds. */
export function pathValues(root: unknown, path: string): readonly unknown[] {
  return parse(path).reduce<readonly unknown[]>(
    (values, step) => values.flatMap((value) => follow(value, step)),
    [root],
  );
}

function follow(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'field':
      return isDict(value) && value[step.name] !== undefined ? [value[step.name]] : [];
    case 'index':
      return Array.isArray(value) && value.at(step.index) !== undefined ? [value.at(step.index)] : [];
    case 'all':
      return Array.isArray(value) ? value : isDict(value) ? Object.values(value) : [];
    default:
      return Array.isArray(value) ? value.filter((item) => fieldText(item, step.field) === step.value) : [];
  }
}

function fieldText(item: unknown, field: readonly string[]): string | undefined {
  let value = item;
  for (const name of field) value = isDict(value) ? value[name] : undefined;
  return value === undefined || value === null ? undefined : String(value);
}

export const pathValue = (root: unknown, path: string): unknown => pathValues(root, path)[0];

/** The object with another value at a path of fields; what is on the way is made. */
export function withPathValue(root: MutableDict, path: string, value: unknown): MutableDict {
  const steps = parse(path).map((step) => (step.kind === 'field' ? step.name : ''));
  const [first = '', ...rest] = steps;
  if (rest.length === 0) return { ...root, [first]: value };
  const below = isDict(root[first]) ? { ...root[first] } : {};
  return { ...root, [first]: withPathValue(below, `.${rest.join('.')}`, value) };
}
