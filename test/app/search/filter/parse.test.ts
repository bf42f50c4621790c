import type { Problem } from '../../../../app/http/errors.js';
import { parseFilter, parseFilterText } from '../../../../app/search/filter/index.js';
import { MAX_DEPTH, MAX_TESTS } from '../../../../app/search/filter/parse.js';

const options = { pointer: '/filters', clearMetadata: ['price'] };
const refusal = (read: () => unknown): { readonly code: string; readonly pointer: string; readonly text: string } => {
  try {
    read();
  } catch (cause) {
    const refused = cause as Problem;
    const text = `${refused.message} ${refused.options.remedy}`;
    return { code: refused.code, pointer: refused.options.errors?.[0]?.pointer ?? '', text };
  }
  throw new Error('the filter was accepted');
};
const nest = (depth: number): object => (depth === 0 ? { agent_id: 'a' } : { NOT: nest(depth - 1) });

describe('a filter', () => {
  it.each([
    [{ colour: 'red' }, '/filters/colour', 'metadata.<key>'],
    [{ agent_id: { like: 'x' } }, '/filters/agent_id/like', 'eq, ne, in, nin, exists'],
    [{ agent_id: { gt: 'x' } }, '/filters/agent_id/gt', 'eq, ne, in, nin, exists'],
    [{ agent_id: { icontains: 'x' } }, '/filters/agent_id/icontains', 'eq, ne, in, nin, exists'],
    [{ confidence: { gt: '0.5' } }, '/filters/confidence/gt', 'a number'],
    [{ id: 'x' }, '/filters/id', 'a UUID'],
    [{ created_at: { gte: '2026-02-30' } }, '/filters/created_at/gte', 'a time'],
    [{ status: 'gone' }, '/filters/status', 'active, quarantined, superseded, expired, forgotten'],
    [{ legal_hold: 'yes' }, '/filters/legal_hold', 'true or false'],
    [{ AND: [] }, '/filters/AND', 'at least one'],
    [{ OR: { agent_id: 'a' } }, '/filters/OR', 'at least one'],
    [{ AND: [{}] }, '/filters/AND/0', 'is empty'],
    [{ agent_id: {} }, '/filters/agent_id', 'names no operator'],
    [{ agent_id: { in: [] } }, '/filters/agent_id/in', '1 to 100'],
    [{ agent_id: { in: ['a', 3] } }, '/filters/agent_id/in/1', 'a text'],
    [{ 'metadata.x': { exists: 'yes' } }, '/filters/metadata.x/exists', 'true or false'],
    [{ 'metadata.': 1 }, '/filters/metadata.', 'not a known field'],
    [{ metadata: {} }, '/filters/metadata', 'is empty'],
    [{ metadata: { tags: ['a'] } }, '/filters/metadata/tags', 'a number, true or false'],
    [{ 'metadata.~/x': { like: 1 } }, '/filters/metadata.~0~1x/like', 'is not a known operator'],
    [[], '/filters', 'must be an object'],
    ['x', '/filters', 'must be an object'],
    [nest(MAX_DEPTH), '/filters/NOT/NOT/NOT/NOT/NOT/NOT/NOT/NOT', 'deeper than 8'],
    [{ OR: Array.from({ length: MAX_TESTS + 1 }, () => ({ agent_id: 'a' })) }, '/filters/OR/100/agent_id', '100 tests'],
  ])('case %# is refused where it is wrong, naming what is allowed', (filter, pointer, text) => {
    const refused = refusal(() => parseFilter(filter, options));
    expect(refused).toMatchObject({ code: 'invalid_filter', pointer });
    expect(refused.text).toContain(text);
  });

  it('asks for the order of a sealed key: 422 names the key and the setting; of a clear key it is answered', () => {
    const refused = refusal(() => parseFilter({ OR: [{ metadata: { weight: { gte: 3 } } }] }, options));
    expect(refused).toMatchObject({ code: 'sealed_field', pointer: '/filters/OR/0/metadata/weight/gte' });
    expect(refused.text).toMatch(/"weight".*spec\.encryption\.clearMetadata/);
    expect(parseFilter({ metadata: { price: { gte: 3 } } }, options)).toBeDefined();
  });

  it('means the same in each way of writing it', () => {
    const parse = (filter: object) =>
      JSON.stringify(parseFilter(filter, options)).replaceAll('metadata.topic', 'topic');
    const same: readonly (readonly object[])[] = [
      [{ agent_id: 'a' }, { agent_id: { eq: 'a' } }, { agentId: 'a' }, { agent_id: { in: ['a'] } }],
      [{ session_id: 's' }, { run_id: 's' }, { runId: 's' }, { sessionId: 's' }],
      [{ app_id: '*' }, { app_id: { exists: true } }, { app_id: { ne: null } }],
      [{ app_id: null }, { app_id: { exists: false } }, { NOT: { app_id: '*' } }],
      [{ metadata: { topic: 'tea' } }, { 'metadata.topic': 'tea' }],
      [{ AND: [{ agent_id: 'a' }, { app_id: 'b' }] }, { agent_id: 'a', app_id: 'b' }],
      [{ created_at: { gte: '2026-01-01' } }, { createdAt: { gte: '2026-01-01T01:00:00+01:00' } }],
      [{ namespace: 'a.b' }, { namespace: ['a', 'b'] }],
    ];
    for (const [first, ...others] of same)
      for (const other of others) expect(parse(other)).toBe(parse(first as object));
  });

  it('that asks for nothing is none', () => {
    expect(parseFilter({}, options)).toBeUndefined();
    expect(parseFilterText(undefined, options)).toBeUndefined();
  });

  it('in a query string is JSON, without what a database cannot hold', () => {
    expect(parseFilterText('{"agent_id":"a"}', options)).toBeDefined();
    for (const text of [
      '{',
      '{"metadata.x":"\\u0000"}',
      '{"metadata.x":"\\ud800"}',
      '{"__proto__":{"agent_id":"a"}}',
    ]) {
      expect(refusal(() => parseFilterText(text, options)).code).toBe('invalid_filter');
    }
  });
});
