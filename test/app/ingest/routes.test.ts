import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { CHAT_ANSWERS, type ModelServer, startModelServer } from '../../support/model-servers.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
});
afterAll(() => tenant.drop());

const PATH = '/api/v1/memory/ingest';
const ingest = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  service.call('POST', PATH, { body, headers });
const contentsOf = async (user: string): Promise<readonly string[]> => {
  const { body } = await service.call('GET', `/api/v1/memories?user_id=${user}&order=created_at:asc`);
  return body.results.map(({ content }: { content: string }) => content);
};
describe('a conversation', () => {
  it('leaves what is worth remembering, with where it came from', async () => {
    const { status, body } = await ingest({
      user_id: 'ada',
      session_id: 's1',
      metadata: { topic: 'intro' },
      messages: [
        { role: 'user', content: 'Hello! My name is Ada. I live in Oslo.' },
        { role: 'assistant', content: 'Nice to meet you, Ada. Do you like it there?' },
        { role: 'user', content: 'Yes. I work at Acme.' },
      ],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      extraction: { provider: 'local', model: 'rules-1' },
      usage: { tokens: 0 },
      replaced: 0,
      held: 0,
      job_id: null,
    });
    expect(body.results.map(({ status: result }: { status: string }) => result)).toEqual([
      'created',
      'created',
      'created',
    ]);
    const { body: memory } = await service.call('GET', `/api/v1/memories/${body.memory_ids[1]}`);
    expect(memory).toMatchObject({
      content: 'I live in Oslo.',
      subject: 'user',
      predicate: 'lives_in',
      object: 'Oslo',
      user_id: 'ada',
      session_id: 's1',
      metadata: { topic: 'intro' },
      source: { kind: 'conversation' },
      trust: { class: 'derived' },
    });
  });

  it('told again leaves no second memory of the same words', async () => {
    const body = { user_id: 'twice', conversation_text: 'I like tea.' };
    const first = await ingest(body);
    const second = await ingest(body);
    expect(second.body.results[0].status).toBe('duplicate');
    expect(second.body.memory_ids).toEqual(first.body.memory_ids);
  });

  it('may come as a transcript', async () => {
    await ingest({
      user_id: 'script',
      conversation_text: 'User: I like tea\nand cake\nAssistant: I like coffee\nUser: I live in Rome',
    });
    expect(await contentsOf('script')).toEqual(['I like tea.', 'I live in Rome.']);
  });

  it('is stored word by word when nothing shall be inferred', async () => {
    const { body } = await ingest({
      user_id: 'plain',
      infer: false,
      messages: [{ role: 'assistant', content: 'What now?' }],
    });
    expect(body.memory_ids).toHaveLength(1);
    expect(await contentsOf('plain')).toEqual(['What now?']);
  });

  it('may be tried without a trace', async () => {
    const { status, body } = await ingest({ user_id: 'trial', dry_run: true, conversation_text: 'I like tea.' });
    expect(status).toBe(200);
    expect(body.facts).toEqual([expect.objectContaining({ content: 'I like tea.', predicate: 'likes' })]);
    expect(await contentsOf('trial')).toEqual([]);
  });

  it('of a document takes the place of what the document said before', async () => {
    const tell = (text: string, mode?: string) =>
      ingest({ user_id: 'doc', document_id: 'profile.md', update_mode: mode, conversation_text: text });
    await ingest({ user_id: 'doc', conversation_text: 'I like dogs.' });
    await tell('I live in Oslo. I like tea.');
    const { body } = await tell('I like tea. I live in Rome.', 'replace');
    expect(body.replaced).toBe(1);
    expect(body.results.map(({ status }: { status: string }) => status)).toEqual(['duplicate', 'created']);
    expect(await contentsOf('doc')).toEqual(['I like dogs.', 'I like tea.', 'I live in Rome.']);
  });

  it('becomes a job for whoever prefers not to wait', async () => {
    const { status, body, headers } = await ingest(
      { user_id: 'later', conversation_text: 'I like tea.' },
      { Prefer: 'respond-async' },
    );
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/v1/jobs/${body.id}`);
    const job = await eventually(
      async () => (await service.call('GET', `/api/v1/jobs/${body.id}`)).body,
      ({ status: state }) => state === 'succeeded',
    );
    expect(job.result.memory_ids).toHaveLength(1);
    expect(await contentsOf('later')).toEqual(['I like tea.']);
  });

  it('sent twice under one Idempotency-Key is heard once', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const body = { user_id: 'idem', infer: false, conversation_text: 'Only once.' };
    const first = await ingest(body, headers);
    const second = await ingest(body, headers);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
  });

  it.each([
    ['neither text nor messages', { user_id: 'x' }, 400, '/messages'],
    ['both', { user_id: 'x', conversation_text: 'a', messages: [{ role: 'user', content: 'a' }] }, 400, '/messages'],
    ['an unknown role', { user_id: 'x', messages: [{ role: 'boss', content: 'a' }] }, 400, '/messages/0/role'],
    ['an unknown scope', { user_id: 'x', scope: 'galaxy', conversation_text: 'a' }, 400, '/scope'],
    ['no user', { conversation_text: 'I like tea.' }, 400, '/user_id'],
    [
      'replace without a document',
      { user_id: 'x', update_mode: 'replace', conversation_text: 'a' },
      400,
      '/document_id',
    ],
    ['an unknown key', { user_id: 'x', conversation_text: 'a', __proto: 1 }, 400, '/__proto'],
    [
      '1,001 messages',
      { user_id: 'x', messages: new Array(1001).fill({ role: 'user', content: 'a' }) },
      400,
      '/messages',
    ],
  ])('with %s is refused, naming the field', async (_, body, status, pointer) => {
    const answer = await ingest(body);
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0].pointer).toBe(pointer);
    expect(answer.body.remedy).toEqual(expect.any(String));
  });
});

describe('a language model behind the same route', () => {
  let model: ModelServer;
  let other: InProcessService;
  let told = 0;
  beforeAll(async () => {
    model = await startModelServer(() => ({}));
    other = await startInProcess(tenant, {
      EXTRACTION_PROVIDER: 'ollama',
      EXTRACTION_ENDPOINT: model.url,
      EXTRACTION_TIMEOUT_MS: '6000',
      LOG_LEVEL: 'info',
    });
    told = other.logs.filter((line) => line.includes('policies loaded')).length;
  });
  afterAll(() => model.stop());
  const fact = (content: string, more: object = {}) => ({
    ...{ content, subject: null, predicate: null, object: null, confidence: 0.9, importance: 0.5, message: 0 },
    ...more,
  });
  const say = (facts: readonly object[]) => {
    model.script = () => ({ body: CHAT_ANSWERS.ollama?.(JSON.stringify({ facts })) });
  };
  /** The service says so in its log. */
  const policiesSeen = async (): Promise<void> => {
    const count = () => other.logs.filter((line) => line.includes('policies loaded')).length;
    await eventually(
      async () => count(),
      (seen) => seen > told,
    );
    told = count();
  };
  const tell = (body: object) => other.call('POST', PATH, { body });

  it('answers in the same shape, and its tokens are metered', async () => {
    say([fact('Ada has a cat.')]);
    const meter = async () => (await other.call('GET', '/api/v1/usage')).body.totals;
    const before = await meter();
    const { status, body } = await tell({ user_id: 'llm', conversation_text: 'I have a cat' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ extraction: { provider: 'ollama', model: 'llama3.2' }, usage: { tokens: 120 } });
    expect(await meter()).toMatchObject({
      extraction_tokens_in: before.extraction_tokens_in + 100,
      extraction_tokens_out: before.extraction_tokens_out + 20,
    });
  });

  it('never sees what the policy redacts, and what it is not sure of is dropped', async () => {
    tenant.writePolicies({
      ...defaultPolicies,
      policies: { ...defaultPolicies.policies, redact: ['email'], minConfidencePercent: 50 },
    });
    await policiesSeen();
    model.requests.length = 0;
    say([fact('Mail goes to [email].'), fact('Maybe.', { confidence: 0.49 })]);
    const { body } = await tell({ user_id: 'llm2', conversation_text: 'Write to ada@example.com' });
    expect(JSON.stringify(model.requests)).not.toContain('ada@example.com');
    expect(JSON.stringify(model.requests)).toContain('[email]');
    expect(body.redactions).toEqual({ email: 1 });
    expect(body.results.map(({ status }: { status: string }) => status)).toEqual(['created', 'dropped']);
    const { body: kept } = await other.call('GET', `/api/v1/memories/${body.memory_ids[0]}`);
    expect(kept).toMatchObject({ pii: ['email'], redactions: [{ kind: 'email', count: 1 }] });
    tenant.writePolicies(defaultPolicies);
    await policiesSeen();
  });

  it('that is away leaves nothing behind, says when to come again, and takes nothing else down', async () => {
    model.script = () => ({ status: 500 });
    const { status, headers, body } = await tell({ user_id: 'away', conversation_text: 'I like tea.' });
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'provider_unavailable' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await contentsOf('away')).toEqual([]);
    const { status: health, body: detail } = await other.call('GET', '/health/detailed');
    expect(health).toBe(200);
    expect(detail.components.extraction).toMatchObject({ status: 'degraded', detail: 'ollama answered 500.' });
    say([]);
    expect((await tell({ user_id: 'away', conversation_text: 'I like tea.' })).status).toBe(201);
    // An answer about health is reused for half a second.
    await eventually(
      async () => (await other.call('GET', '/health/detailed')).body.components.extraction.status,
      (state) => state === 'ok',
    );
  });

  it('is not paid beyond the budget of the day', async () => {
    say([]);
    expect((await tell({ user_id: 'poor', conversation_text: 'I like coffee.' })).status).toBe(201);
    tenant.writePolicies({ ...defaultPolicies, quotas: { ...defaultPolicies.quotas, tokensPerDay: 10 } });
    await policiesSeen();
    model.requests.length = 0;
    const { status, headers, body } = await tell({ user_id: 'poor', conversation_text: 'I like tea.' });
    expect(status).toBe(429);
    expect(body.code).toBe('budget_exceeded');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(model.requests).toEqual([]);
    expect((await tell({ user_id: 'poor', infer: false, conversation_text: 'I like tea.' })).status).toBe(201);
    tenant.writePolicies(defaultPolicies);
    await policiesSeen();
  });
});
