import { Problem } from '../../../app/http/errors.js';
import { parseJson } from '../../../app/http/json.js';

const findings = (text: string): readonly unknown[] => {
  try {
    parseJson(Buffer.from(text));
  } catch (cause) {
    if (cause instanceof Problem) return (cause.options.errors ?? []).map(({ pointer, code }) => [pointer, code]);
    throw cause;
  }
  return [];
};

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a body of JSON', () => {
  it('is what JSON says where nothing speaks against it', () => {
    const text = '{"a":[1,-0.5,1e300,null,true,{"b":"\\ud83d\\ude00 é"}],"constructor":{"name":1},"":{}}';
    expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
    expect(findings(nested(64))).toEqual([]);
  });

  it.each([
    ['{"a":[0,1e999]}', [['/a/1', 'number']]],
    ['{"a":{"b":"x\\u0000"}}', [['/a/b', 'nul']]],
    ['{"a\\u0000":1}', [['/a\ufffd', 'nul']]],
    ['["\\ud83d"]', [['/0', 'surrogate']]],
    ['{"\\udc00":1}', [['/\ufffd', 'surrogate']]],
    ['[{"__proto__":1}]', [['/0/__proto__', 'prototype']]],
    ['{"constructor":{"prototype":null}}', [['/constructor', 'prototype']]],
    [nested(65), [['/0'.repeat(64), 'depth']]],
    [
      '["\\u0000",1e999,"\\ud83d"]',
      [
        ['/0', 'nul'],
        ['/1', 'number'],
        ['/2', 'surrogate'],
      ],
    ],
  ])('%s is refused where it is wrong', (text, found) => {
    expect(findings(text)).toEqual(found);
  });
});

describe('a member that is there twice', () => {
  it.each([
    ['{"user_id":"ada","content":"x","user_id":"grace"}', ['/user_id']],
    ['{"user_id":"ada","user\\u005fid":"grace"}', ['/user_id']],
    ['[{"a":1},{"a":{"b":[0,{"c":1,"c" : 2}]}}]', ['/1/a/b/1/c']],
    ['{"a":[9007199254740992],"a":1}', ['/a']],
    ['{"a":[9007199254740992],"b":[],"b":{"a":1,"a":2}}', ['/b', '/b/a']],
    ['{"a":"\\\\","a":"\\"a\\":"}', ['/a']],
  ])('%s is named', (text, found) => {
    expect(findings(text)).toEqual(found.map((pointer) => [pointer, 'repeated']));
  });

  it.each([
    '{"a":{"a":{"a":1}},"b":{"a":1},"c":[{"a":1},{"a":1}]}',
    '{"a":"\\"a\\":1","b":"{\\"a\\":1,\\"a\\":2}","c\\\\":": :"}',
    '{ "a" \n:\t1 , "A":9007199254740992, "":[ ":" , "a" ] }',
    '"a:b"',
    '{}',
  ])('is not seen in %s', (text) => {
    expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
  });

  it('is found at the cost of its names, and beside a text of megabytes', () => {
    const long = '\\"'.repeat(5_000_000);
    expect(findings(`{"a":"${long}","b":9007199254740993}`)).toEqual([['/b', 'number']]);
    expect(findings(`{"a":"${long}","a":1}`)).toEqual([['/a', 'repeated']]);
    expect(findings(`${'{"a":'.repeat(60)}1,"a":2${'}'.repeat(60)}`)).toEqual([['/a'.repeat(60), 'repeated']]);
  });
});
