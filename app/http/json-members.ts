import type { FieldError } from './errors.js';
import { buildPointer } from './json-pointer.js';

/**
 * How many members the objects of a valid document name, over all depths. From text to text: what lies between costs no
 * look at each character, so that a megabyte of numbers costs next to nothing.
 */
export const countMembers = (text: string): number => {
  let members = 0;
  for (let at = text.indexOf('"'); at !== -1; ) {
    const end = endOfText(text, at);
    if (text.charCodeAt(pastSpace(text, end)) === COLON) members++;
    at = text.indexOf('"', end);
  }
  return members;
};

/** Behind the closing quote of the text that begins at `at`. No expression: over a text of megabytes it would run out of stack. */
export const endOfText = (text: string, at: number): number => {
  let quote = text.indexOf('"', at + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
};

const isEscaped = (text: string, at: number): boolean => {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
};

const pastSpace = (text: string, from: number): number => {
  let at = from;
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
};
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** Of a valid document: nothing below it is there outside of texts but what is space, too. */
const SPACE = 0x20;

interface Level {
  /** Of an object those that it has named; none of a list. */
  readonly names: Set<string> | undefined;
  /** Where in it the reader is. */
  step: string | number;
}

/** Where a valid document names a member of an object again. Only for one that does: it looks at every token. */
export const findRepeated = (text: string, most: number): readonly FieldError[] => {
  const findings: FieldError[] = [];
  const levels: Level[] = [];
  for (let at = 0; at < text.length && findings.length < most; ) {
    const token = text[at];
    const level = levels.at(-1);
    if (token === '{') levels.push({ names: new Set(), step: '' });
    else if (token === '[') levels.push({ names: undefined, step: 0 });
    else if (token === '}' || token === ']') levels.pop();
    else if (token === ',' && typeof level?.step === 'number') level.step++;
    if (token !== '"') {
      at++;
      continue;
    }
    const end = endOfText(text, at);
    if (level?.names && text.charCodeAt(pastSpace(text, end)) === COLON) {
      const name = JSON.parse(text.slice(at, end)) as string;
      level.step = name;
      if (level.names.has(name)) findings.push(repeated(levels));
      level.names.add(name);
    }
    at = end;
  }
  return findings;
};

const repeated = (levels: readonly Level[]): FieldError => {
  const pointer = buildPointer(levels.map(({ step }) => String(step)));
  return {
    pointer,
    code: 'repeated',
    detail: `${pointer} is there twice: one reader takes the first, another the last`,
  };
};
