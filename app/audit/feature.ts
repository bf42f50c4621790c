import type { Express, RequestHandler } from 'express';
import { requirePermission } from '../access/guard.js';
import type { Core, Feature } from '../core.js';
import type { ComponentState } from '../health/component-state.js';
import { currentContext } from '../http/context.js';
import { problem } from '../http/errors.js';
import { checkMode } from '../http/serve.js';
import { encodeDetails } from './bundle.js';
import { selectBatches, selectDetails } from './event-search.js';
import { readTile } from './reader.js';
import { auditRoutes } from './routes.js';
import { selectEvents } from './store.js';
import { parseTilePath } from './tlog.js';

export const createAuditFeature = (core: Core): Feature => ({
  routes: auditRoutes(core),
  mount: (app) => mountFiles(app, core),
  health: {
    audit: () => {
      const trouble = core.audit.trouble();
      return trouble === undefined ? { status: 'ok' } : { status: 'degraded', detail: trouble };
    },
    ...(core.config.AUDIT_KMS_KEY_ID === undefined ? {} : { audit_kms: () => observePlane(core) }),
  },
});

/** It delays signatures and nothing else, so it is no reason to send requests elsewhere. */
const observePlane = async ({ audit }: Core): Promise<ComponentState> => {
  const vkey = await audit.planeKey();
  const trouble = audit.planeTrouble();
  if (trouble !== undefined) return { status: 'degraded', detail: trouble };
  return vkey === undefined ? { status: 'degraded', detail: 'the KMS was not reached yet' } : { status: 'ok' };
};

const ROOT = '/api/v1/audit/';

/** The log as a folder of files, each under the name that it has in a bundle: tiles, batches and details. */
const mountFiles = (app: Express, core: Core): void => {
  const serve =
    (find: (path: string) => Promise<Buffer | undefined>): RequestHandler =>
    async (request, response) => {
      const context = currentContext();
      if (context) context.operation = 'auditFile';
      checkMode({ writes: false }, core.policies().mode);
      if (!context?.principal) throw problem('unauthenticated', 'The request carries no credential.');
      requirePermission(context.principal, 'audit.read');
      const path = request.path.slice(ROOT.length);
      const bytes = await find(path);
      if (!bytes) throw problem('not_found', `The audit log has no ${path.slice(0, 100)}.`);
      response.type('application/octet-stream').end(bytes);
    };
  app.get(
    `${ROOT}tile/*path`,
    serve(async (path) => {
      const name = parseTilePath(path);
      return name && readTile(core.db, name);
    }),
  );
  app.get(
    `${ROOT}batches/:seq`,
    serve(async (path) => {
      const id = await idOf(core, path);
      return id === undefined ? undefined : (await selectBatches(core.db, [id]))[0]?.body;
    }),
  );
  app.get(
    `${ROOT}details/:seq`,
    serve(async (path) => {
      const id = await idOf(core, path);
      const details = id === undefined ? [] : await selectDetails(core.db, [id]);
      return details.length === 0 ? undefined : encodeDetails(details);
    }),
  );
};

const idOf = async ({ db }: Core, path: string): Promise<string | undefined> => {
  const digits = /\/([0-9]{1,20})$/.exec(path)?.[1];
  const seq = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(seq)) return undefined;
  const [row] = await selectEvents(db, seq, 1);
  return row?.seq === seq ? row.id : undefined;
};
