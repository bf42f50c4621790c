import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  tenant.writePolicies({
    ...defaultPolicies,
    rateLimits: { tenantPerMinute: 100_000, ipPerMinute: 1_000, keyPerMinute: 40 },
  });
  service = await startInProcess(tenant, { LOG_LEVEL: 'warn' });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

interface View {
  readonly event: { readonly type: string; readonly request: string | null; readonly outcome: string };
}
/** Seldom enough that whoever asks for as long as it takes stays within the limit. */
const BETWEEN_MS = 700;

/** Read with a key of its own: the limit of the other is used up. */
const eventsOf = async (key: string, type: string, request: string): Promise<readonly View[]> => {
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  const { body } = await service.call('GET', `/api/v1/audit/events?type=${type}&limit=500`, { key });
  return (body.results as readonly View[]).filter(({ event }) => event.request === request);
};

it('what somebody who watches for attacks wants to see is in the log of the audit and of the process once, with the id of its request', async () => {
  // One for each question: whoever polls uses its limit up.
  const keys: string[] = [];
  for (let count = 0; count < 5; count++)
    keys.push((await service.call('POST', '/api/v1/keys', { body: { name: 'auditor', role: 'admin' } })).body.key);
  const nextAuditor = (): string => keys.pop() ?? '';
  const cases: readonly (readonly [string, string, number, () => ReturnType<InProcessService['call']>])[] = [
    ['auth.denied', 'no-credential', 401, () => ask('no-credential', { key: null })],
    ['auth.denied', 'wrong-key', 401, () => ask('wrong-key', { key: `mb_${'x'.repeat(43)}` })],
    ['request.invalid', 'unknown-key', 400, () => post('unknown-key', '{"user_id":"ada","content":"x","colour":1}')],
    ['request.invalid', 'no-json', 400, () => post('no-json', '{')],
    [
      'limit.reached',
      'one-too-many',
      429,
      async () => {
        // However many there were in this window, and wherever it ends.
        for (let count = 0; count < 200; count++) {
          const answer = await ask('one-too-many');
          if (answer.status === 429) return answer;
        }
        throw new Error('there is no limit');
      },
    ],
  ];
  const ask = (id: string, options: object = {}) =>
    service.call('GET', '/api/v1/whoami', { headers: { 'X-Request-ID': id }, ...options });
  const post = (id: string, raw: string) =>
    service.call('POST', '/api/v1/memories', { raw, headers: { 'X-Request-ID': id } });
  for (const [type, id, status, send] of cases) {
    const answer = await send();
    expect([id, answer.status, answer.headers.get('x-request-id')]).toEqual([id, status, id]);
    if (type === 'limit.reached') continue;
    const auditor = nextAuditor();
    const found = await eventually(
      () => eventsOf(auditor, type, id),
      (events) => events.length > 0,
    );
    expect(found).toMatchObject([{ event: { type, request: id, outcome: 'denied' } }]);
    expect(service.logs.filter((line) => line.includes(`"${id}"`) && line.includes(`"event":"${type}"`))).toHaveLength(
      1,
    );
  }
  // Of a window's refusals the first is told; the others say nothing new.
  const auditor = nextAuditor();
  const limited = await eventually(
    () => eventsOf(auditor, 'limit.reached', 'one-too-many'),
    (events) => events.length > 0,
  );
  expect(limited).toHaveLength(1);
}, 90_000);
