import { TENANT } from './inputs.js';

export const ORIGIN = `memplane.dev/${TENANT}/audit/1`;
export const LOG_SEED = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf';

const id = (n: number): string => `018f3b5e-7c1a-7d2e-9f30-${String(n).padStart(12, '0')}`;

export const FACTS = [
  { id: id(1), version: 1, op: 'put', commit: '11'.repeat(32) },
  { id: id(2), version: 4_294_967_295, op: 'put', commit: '22'.repeat(32) },
  { id: id(1), version: 2, op: 'delete', commit: '00'.repeat(32) },
] as const;

export const DETAIL = {
  salt: '5a'.repeat(32),
  detail: { query: 'Müller “tea”\u2028', z: [1, null], a: true },
} as const;

export const READS = [1, 2, 3].map((n) => ({
  ...{ writer: id(7), epoch: 1_700_000_000_000, n, time: `2026-01-02T03:04:0${n}.000000Z` },
  ...{ keyId: id(8), subject: n === 2 ? null : 'b0FTdWJqZWN0UHNldWQ', op: 'get', ids: [id(n)], commit: null },
}));

const event = (n: number, more: object) => ({
  ...{ log: ORIGIN, id: id(100 + n), time: `2026-01-02T03:04:0${n}.000000Z`, scope: null, resource: null, batch: null },
  ...{ subject: null, outcome: 'ok', code: null, request: null, detail: null },
  ...more,
});

/** Without `v`, `seq` and `prev`, which the log gives. */
export const EVENTS = [
  event(0, {
    type: 'keys.epoch',
    actor: { kind: 'system', ref: 'memory', role: null },
    resource: { kind: 'keyring', id: '0a1b2c3d', version: 1 },
  }),
  event(1, {
    type: 'key.create',
    actor: { kind: 'operator', ref: 'bootstrap', role: 'admin' },
    code: '\u2028 é 𝄞 "\\/',
  }),
  event(2, {
    type: 'memory.write',
    actor: { kind: 'key', ref: id(8), role: 'user' },
    subject: 'b0FTdWJqZWN0UHNldWQ',
    scope: 'user',
    request: 'r-1',
  }),
  event(3, {
    type: 'auth.denied',
    actor: { kind: 'system', ref: 'unauthenticated', role: null },
    outcome: 'denied',
    code: 'unauthenticated',
  }),
  event(4, {
    type: 'memory.write',
    actor: { kind: 'jwt', ref: id(9), role: 'service' },
    resource: { kind: 'memory', id: id(1), version: 2 },
  }),
] as const;
