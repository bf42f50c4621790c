/** What the vectors are made of. Keys are visible patterns, so that nobody takes them for real ones. */
const bytes = (first: number, count: number): string =>
  Array.from({ length: count }, (_, i) => ((first + i) & 0xff).toString(16).padStart(2, '0')).join('');
const utf8 = (value: string): string => Buffer.from(value, 'utf8').toString('hex');

export const TENANT = '7f3c1a52-9b0e-4d6f-8a21-c3d4e5f60718';
export const OTHER_TENANT = '0b1c2d3e-4f50-4617-9829-3a4b5c6d7e8f';
export const SLOT_KEY = bytes(0x00, 32);
export const AUTH_KEY = bytes(0x40, 32);
export const KEK = bytes(0x80, 32);

const ROW = '018f3b5e-7c1a-7d2e-9f30-4a5b6c7d8e9f';

export const ENVELOPE = {
  salt: Buffer.from(bytes(0x20, 32), 'hex').toString('base64'),
  content: 'Alice prefers tea – “no sugar” \u{1F375}',
  subject: 'alice',
  predicate: 'prefers',
  object: 'tea',
  metadata: { tags: ['drink', 'morning'], count: 3, nested: { b: true, a: null } },
  source: { kind: 'conversation', id: 'c-17' },
};

const at = { tenantId: TENANT, slotKey: SLOT_KEY, table: 'memories', rowId: ROW, rowVersion: 3 };

/** Without plaintext of the row, which is the canonical envelope. */
export const SEALED = [
  { name: 'an empty artifact key', ...at, purpose: 3, slot: 16, generation: 1, salt: bytes(0x10, 24), plaintext: '' },
  {
    name: 'a vector',
    ...at,
    purpose: 2,
    slot: 1040,
    generation: 2,
    salt: bytes(0xa0, 24),
    plaintext: '0000803f000000bf0000000000002041',
  },
  {
    name: 'the largest numbers',
    ...at,
    purpose: 8,
    slot: 2 ** 42 - 1,
    generation: 65535,
    salt: 'ff'.repeat(24),
    rowVersion: 2 ** 32 - 1,
    plaintext: utf8('identity'),
  },
  {
    name: 'another table, row and tenant',
    ...at,
    tenantId: OTHER_TENANT,
    table: 'memory_history',
    rowId: TENANT,
    purpose: 5,
    slot: 0,
    generation: 1,
    salt: '00'.repeat(24),
    rowVersion: 0,
    plaintext: utf8('cached'),
  },
] as const;

export const SEALED_ROW = { name: 'a row', ...at, purpose: 1, slot: 17, generation: 1, salt: bytes(0x33, 24) };

const key = (first: number): string => Buffer.from(bytes(first, 32), 'hex').toString('base64');

export const BLOCKS = [
  {
    name: 'three slots in three states',
    kek: KEK,
    tenantId: TENANT,
    n: 0,
    epoch: 12,
    kekGen: 3,
    salt: bytes(0x55, 24),
    slots: [
      { i: 1, s: 'live', g: [[1, key(0x40)]] },
      {
        i: 16,
        s: 'live',
        g: [
          [1, key(0x01)],
          [2, key(0x02)],
        ],
      },
      { i: 17, s: 'destroyed', g: [] },
      { i: 18, s: 'free', g: [[1, key(0x03)]] },
    ],
  },
  {
    name: 'the second block',
    kek: KEK,
    tenantId: TENANT,
    n: 1,
    epoch: 2 ** 40,
    kekGen: 1,
    salt: bytes(0x77, 24),
    slots: [{ i: 1024, s: 'free', g: [[1, key(0x09)]] }],
  },
] as const;

export const KEYRING = {
  v: 1,
  tenantId: TENANT,
  epoch: 17,
  keks: [
    {
      gen: 3,
      state: 'active',
      provider: 'aws',
      keyId: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd',
      context: { memplane: 'kek/1', tenant: TENANT, namespace: 'mem-acme' },
      wrapped: key(0x11),
      kcv: '',
      createdAt: '2026-01-02T03:04:05.678000Z',
    },
  ],
  blocks: [{ n: 0, epoch: 12, kekGen: 3, sha256: bytes(0x60, 32) }],
  log: { origin: `memplane.dev/${TENANT}/audit/1`, vkey: 'a+b+c', sealed: key(0x12) },
  mac: null,
};

export const TERMS = [
  'a',
  'tea',
  'sugar',
  'exactly15bytes!',
  'sixteen bytes it',
  'zażółć',
  '東京',
  '',
  'key=value',
  'x'.repeat(300),
];

/** Text to terms: by hand, from the description in docs/reference/formats.md. */
export const TEXTS = [
  { text: 'Alice prefers the TEA, without sugar.', terms: ['alice', 'prefers', 'tea', 'without', 'sugar'] },
  { text: "Alice's café isn't open – Café!", terms: ['alice', 'cafe', 'isnt', 'open'] },
  { text: 'Zażółć Ångström ﬁne Straße', terms: ['zazołc', 'angstrom', 'fine', 'straße'] },
  { text: 'mail bob@example.com v2.1', terms: ['mail', 'bob', 'example', 'com', 'v2', '1'] },
  { text: '東京タワー2024年に行く', terms: ['東京', '京タ', 'タワ', 'ワー', '2024', '年に', 'に行', '行く'] },
  { text: 'हिन्दी', terms: ['हिन्दी'] },
  { text: 'to be or not to be', terms: [] },
  { text: '', terms: [] },
] as const;

export const ROWS = [
  {
    table: 'api_keys',
    row: { id: ROW, role: 'admin', user_id: null, expires_at: '2027-01-01T00:00:00.000000Z', hash: SLOT_KEY },
  },
  {
    table: 'memories',
    row: {
      agent_ref: null,
      app_ref: null,
      id: ROW,
      key_token: Buffer.from(bytes(0xc0, 32), 'hex').toString('base64'),
      legal_hold: true,
      organization_ref: null,
      scope: 1,
      sealed: true,
      session_ref: '5d1f8e6a-0c2b-4f7d-9a3e-6b8c7d9e0f12',
      slot: 1040,
      source_kind: 3,
      status: 1,
      team_ref: 'a1b2c3d4-e5f6-4789-8abc-def012345678',
      trust_class: 2,
      trust_score: Math.fround(0.7),
      user_ref: '0f1e2d3c-4b5a-4968-8776-655443322110',
      version: 3,
    },
  },
  {
    table: 'memories',
    row: {
      audit_event: '018f3b5e-7c1b-7000-8000-0123456789ab',
      confidence: Math.fround(0.7),
      content_hash: Buffer.from(bytes(0x20, 32), 'hex').toString('base64'),
      created_at: '2026-03-04T05:06:07.089000Z',
      created_by: '00112233-4455-4677-8899-aabbccddeeff',
      envelope: Buffer.from(utf8('{"content":"in clear"}'), 'hex').toString('base64'),
      evidence: [TENANT, OTHER_TENANT],
      expires_at: '2027-01-01T00:00:00.000000Z',
      fact_token: Buffer.from(bytes(0x40, 16), 'hex').toString('base64'),
      id: ROW,
      importance: Math.fround(1e-7),
      pii: ['email', 'phone'],
      pii_counts: [2, 1],
      scope: 0,
      slot: 16,
      source_kind: 0,
      status: 2,
      superseded_by: OTHER_TENANT,
      trust_class: 1,
      trust_score: Math.fround(0.8),
      updated_at: '2026-03-04T05:06:07.089000Z',
      user_ref: '0f1e2d3c-4b5a-4968-8776-655443322110',
      version: 2,
    },
  },
  {
    table: 'memory_history',
    row: {
      actor: '00112233-4455-4677-8899-aabbccddeeff',
      at: '2026-03-04T05:06:07.089000Z',
      audit_event: null,
      event: 3,
      id: OTHER_TENANT,
      memory_id: ROW,
      organization_ref: null,
      scope: 0,
      slot: 16,
      team_ref: null,
      user_ref: '0f1e2d3c-4b5a-4968-8776-655443322110',
      version: 2,
    },
  },
  { table: 'holds', row: { id: ROW, active: true, order: 2, matter: 'Müller ./. Acme\n', mac: 'ignored' } },
  { table: 'api_keys\n', row: {} },
] as const;

export const API_KEYS = ['mb_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8', ''];
export const CONTENTS = [
  { use: 'dedupe', content: 'Alice prefers tea' },
  { use: 'cache', content: 'Alice prefers tea' },
  { use: 'idempotency', content: '{"content":"Alice"}' },
] as const;

export const WRAPPED = {
  key: bytes(0xc0, 32),
  iv: bytes(0xd0, 12),
  dataKey: KEK,
  context: { memplane: 'kek/1', tenant: TENANT, namespace: 'mem-acme' },
};

/** RFC 8785: the example of 3.2.2, the order of 3.2.3, and cases of ours. */
export const JCS_TEXTS = [
  '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
  '{"b":[],"a":{},"aa":"\\u007f\\u0000\\b\\f\\t","A":-0,"":[1.0,[2,{"y":1,"x":2}]],"__proto__":1}',
  '"\\u2028\\u2029"',
  '1e21',
] as const;
