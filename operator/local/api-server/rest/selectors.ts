import { badRequest } from '../errors.js';
import { type Dict, dictsAt, isDict, stringAt, stringsAt } from '../objects.js';

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

const KEY = '[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?';
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^)]*)\\)$`);
const EQUAL = new RegExp(`^(${KEY})\\s*(==|=|!=|>|<)\\s*([A-Za-z0-9._-]*)$`);
const PRESENT = new RegExp(`^(!?)\\s*(${KEY})$`);

/** The parts between the commas that stand outside parentheses. */
const partsOf = (text: string): readonly string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `a=b,c in (d,e),!f` of a query. */
export function parseLabelSelector(text: string | null): readonly Requirement[] {
  return text === null ? [] : partsOf(text).map(parseRequirement);
}

function parseRequirement(part: string): Requirement {
  const set = SET.exec(part);
  if (set !== null) {
    const values = (set[4] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[3] === 'in' ? 'In' : 'NotIn', values };
  }
  const equal = EQUAL.exec(part);
  if (equal !== null) return equality(equal[1] ?? '', equal[3] ?? '', equal[4] ?? '');
  const present = PRESENT.exec(part);
  if (present === null) throw badRequest(`unable to parse requirement: ${part} is not a label selector`);
  return { key: present[2] ?? '', operator: present[1] === '!' ? 'DoesNotExist' : 'Exists', values: [] };
}

function equality(key: string, operator: string, value: string): Requirement {
  if (operator === '>') return { key, operator: 'Gt', values: [value] };
  if (operator === '<') return { key, operator: 'Lt', values: [value] };
  return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
}

/** A `LabelSelector` of an object: `matchLabels` and `matchExpressions`. */
export function parseSelectorObject(selector: Dict): readonly Requirement[] {
  const labels = isDict(selector.matchLabels) ? Object.entries(selector.matchLabels) : [];
  return [
    ...labels.map(([key, value]): Requirement => ({ key, operator: 'In', values: [String(value)] })),
    ...dictsAt(selector, 'matchExpressions').map(
      (entry): Requirement => ({
        key: stringAt(entry, 'key') ?? '',
        operator: (stringAt(entry, 'operator') ?? 'Exists') as Requirement['operator'],
        values: stringsAt(entry, 'values'),
      }),
    ),
  ];
}

export function matchesLabels(requirements: readonly Requirement[], labels: Dict | undefined): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = labels?.[key];
    const present = typeof value === 'string';
    switch (operator) {
      case 'In':
        return present && values.includes(value);
      case 'NotIn':
        return !present || !values.includes(value);
      case 'Exists':
        return present;
      case 'DoesNotExist':
        return !present;
      case 'Gt':
        return present && Number(value) > Number(values[0]);
      default:
        return present && Number(value) < Number(values[0]);
    }
  });
}

export interface FieldRequirement {
  readonly path: string;
  readonly equal: boolean;
  readonly value: string;
}

export function parseFieldSelector(text: string | null): readonly FieldRequirement[] {
  return text === null
    ? []
    : partsOf(text).map((part) => {
        const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
        if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
        return {
          path: (match[1] ?? '').trim(),
          equal: match[2] !== '!=',
          value: (match[3] ?? '').replace(/^"|"$/g, ''),
        };
      });
}
