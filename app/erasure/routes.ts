import { setTimeout as pause } from 'node:timers/promises';
import { Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { type Problem, problem } from '../http/errors.js';
import { prefersAsync } from '../http/prefer.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { problemAt } from '../memories/plan.js';
import { literals } from '../memories/schema.js';
import { describeErasure, requestErasure } from './request.js';
import { signWaiting } from './sign-waiting.js';
import { COMPLETED, ERASURE_STATUSES, type ErasureRow, selectErasure } from './store.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const ErasureFields = {
  erasure_id: Type.String(),
  status: literals(ERASURE_STATUSES),
  requested_at: Type.String(),
  completed_at: NullableText,
  final_at: NullableText,
  counts: Type.Record(Type.String(), Type.Integer()),
  certificate_url: NullableText,
  not_claimed: Type.Array(Type.Object({ code: Type.String(), text: Type.String() })),
};
const ErasureSchema = Type.Object(ErasureFields);
const AskedSchema = Type.Object({
  ...ErasureFields,
  request_salt: Type.Union([Type.String(), Type.Null()], {
    description: 'shows whom the certificate is about; given once and kept nowhere',
  }),
  job_id: NullableText,
});
const EnvelopeSchema = Type.Object({
  payloadType: Type.String(),
  payload: Type.String(),
  signatures: Type.Array(Type.Object({ keyid: Type.String(), sig: Type.String() })),
});

export const erasureRoutes = (core: Core): readonly Route[] => [
  defineRoute({
    ...{ method: 'DELETE', path: '/api/v1/users/{id}', operation: 'erasePerson', permission: 'erase', writes: true },
    textParams: ['id'],
    summary: 'Erase a person: their key is destroyed, then everything of theirs, and a certificate says what was done',
    responses: { 200: AskedSchema, 202: AskedSchema },
    handle: (request) => askFor(core, request),
  }),
  defineRoute({
    ...{ method: 'GET', path: '/api/v1/erasures/{id}', operation: 'getErasure', permission: 'erase', writes: false },
    summary: 'How far an erasure is, and what it cannot claim',
    responses: { 200: ErasureSchema },
    handle: async (request) => ({ status: 200, body: describeErasure(await demandShown(core, request)) }),
  }),
  defineRoute({
    ...{ method: 'GET', path: '/api/v1/erasures/{id}/certificate', operation: 'getErasureCertificate' },
    ...{ permission: 'erase', writes: false },
    summary: 'The certificate of an erasure, as a DSSE envelope',
    responses: { 200: EnvelopeSchema },
    handle: async (request) => {
      const found = await demandShown(core, request);
      if (found.facts.awaitsPlane === true) await signWaiting(core, found.id);
      const { id, certificate } = await demand(core, found.id);
      if (!certificate) throw problem('not_found', `The erasure ${id} has no certificate yet.`);
      return { status: 200, body: JSON.parse(certificate.toString('utf8')) };
    },
  }),
];

const demand = async ({ db }: Core, id: string): Promise<ErasureRow> => {
  const row = await selectErasure(db, id);
  if (!row) throw missing(id);
  return row;
};

const missing = (id: string): Problem => problem('not_found', `There is no erasure ${id}.`);

/** A credential that belongs to a person is shown that person's erasure and what it asked for itself; the tenant's, all. */
const demandShown = async (
  core: Core,
  { params, principal }: Pick<ApiRequest<unknown, unknown>, 'params' | 'principal'>,
): Promise<ErasureRow> => {
  const row = await demand(core, params.id as string);
  const isTheirs = row.user_ref === principal.userRef || row.requested_by === principal.keyId;
  if (principal.userId !== null && !isTheirs) throw missing(row.id);
  return row;
};

/** Most are done by then. */
const PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 50;
const ID = /^\P{Cc}{1,256}$/u;

const askFor = async (core: Core, request: ApiRequest<unknown, unknown>): Promise<ApiResponse> => {
  const id = request.params.id ?? '';
  if (!ID.test(id)) throw problemAt('invalid_request', '/path/id', 'id has 1 to 256 printable characters.');
  const asked = await requestErasure(core, request, id);
  const deadline = Date.now() + (prefersAsync(request.headers) ? 0 : PATIENCE_MS);
  let row = await demand(core, asked.erasure_id);
  while (row.status < COMPLETED && Date.now() < deadline) {
    await pause(LOOK_AGAIN_MS);
    row = await demand(core, asked.erasure_id);
  }
  const { request_salt, job_id } = asked;
  const headers = { Location: `/api/v1/erasures/${row.id}` };
  return {
    status: row.status < COMPLETED ? 202 : 200,
    body: { ...describeErasure(row), request_salt, job_id },
    headers,
  };
};
