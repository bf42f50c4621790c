import { _, type Ajv, type CodeKeywordDefinition, type KeywordCxt, str } from 'ajv';

/**
 * `minLength` and `maxLength` as JSON Schema has them, in characters. A text of n code units has at least n/2 and at most n
 * characters, which mostly decides: ajv's own way walks over every character, of a vector in base64 as of a name.
 */
export const addTextLengths = (ajv: Ajv): Ajv =>
  [MAX_LENGTH, MIN_LENGTH].reduce((left, keyword) => left.removeKeyword(keyword.keyword).addKeyword(keyword), ajv);

const countCharacters = (text: string): number => {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    count++;
    if (isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1))) at++;
  }
  return count;
};
const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

const counter = ({ gen }: KeywordCxt) => gen.scopeValue('func', { ref: countCharacters });

const base = { type: 'string', schemaType: 'number' } as const;

const MAX_LENGTH: CodeKeywordDefinition & { readonly keyword: string } = {
  ...base,
  keyword: 'maxLength',
  error: {
    message: ({ schemaCode }) => str`must NOT have more than ${schemaCode} characters`,
    params: ({ schemaCode }) => _`{limit: ${schemaCode}}`,
  },
  code: (cxt) => {
    const limit = Number(cxt.schema);
    const units = _`${cxt.data}.length`;
    cxt.fail(_`${units} > ${limit} && (${units} > ${2 * limit} || ${counter(cxt)}(${cxt.data}) > ${limit})`);
  },
};

const MIN_LENGTH: CodeKeywordDefinition & { readonly keyword: string } = {
  ...base,
  keyword: 'minLength',
  error: {
    message: ({ schemaCode }) => str`must NOT have fewer than ${schemaCode} characters`,
    params: ({ schemaCode }) => _`{limit: ${schemaCode}}`,
  },
  code: (cxt) => {
    const limit = Number(cxt.schema);
    const units = _`${cxt.data}.length`;
    cxt.fail(_`${units} < ${limit} || (${units} < ${2 * limit - 1} && ${counter(cxt)}(${cxt.data}) < ${limit})`);
  },
};
