import { Type } from '@sinclair/typebox';
import type { Dialect } from '../http/dialect.js';

export const MEM0 = 'Mem0';

/** The paths that are mem0's. `/api/v1/webhooks/{id}` is ours too: the slash at its end tells them apart. */
const PATHS = [
  /^\/v[123](\/|$)/,
  /^\/(memories|search|entities|reset|configure|auth)(\/|$)/,
  /^\/api\/v1\/(orgs|webhooks\/projects)\//,
  /^\/api\/v1\/webhooks\/[^/]+\/$/,
];

/** A full store is no lack of rights: mem0's clients know it by a status of its own. */
const STATUSES: Readonly<Record<string, number>> = { quota_exceeded: 413 };

export const mem0Dialect: Dialect = {
  name: MEM0,
  schema: Type.Object({
    detail: Type.String(),
    error: Type.String(),
    message: Type.String(),
    code: Type.String(),
    remedy: Type.String(),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Unknown())),
  }),
  speaks: (path) => PATHS.some((pattern) => pattern.test(path)),
  render: ({ code, detail, remedy, requestId, status, errors }) => ({
    status: STATUSES[code] ?? status,
    body: {
      detail,
      error: detail,
      message: detail,
      code,
      remedy,
      request_id: requestId,
      ...(errors ? { errors } : {}),
    },
  }),
};
