import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readMemoryConfig } from '../../config.js';
import type { Core } from '../../core.js';
import { createFeatures } from '../../features.js';
import { buildOpenApi } from '../../http/openapi.js';
import { buildApiReference, type ReferenceDocument } from '../../http/reference.js';
import { KNOWN_TYPES } from './known-types.js';
import { printClient } from './print-client.js';
import type { Document } from './read-operations.js';

export const GENERATED = 'app/client/generated';
const API_REFERENCE = 'docs/reference/api.md';

/** Writes the reference and the client of the routes that the features have now. The caller ends the process: the features' workers wait for ever. */
export const writeClient = (): void => {
  const routes = createFeatures(createInertCore()).flatMap((feature) => feature.routes ?? []);
  const text = JSON.stringify(buildOpenApi(routes, { version: '', publicUrl: undefined }));
  writeFileSync(resolve(API_REFERENCE), buildApiReference(JSON.parse(text) as ReferenceDocument));
  const files = printClient(JSON.parse(text) as Document, KNOWN_TYPES);
  mkdirSync(resolve(GENERATED), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(resolve(GENERATED), `${name}.ts`), text);
};

/** A table of routes needs nothing that runs: whatever is asked of it answers with more of the same, and never comes to an end. */
const createInertCore = (): Core => {
  const inert: unknown = new Proxy(() => undefined, {
    get: (_, key) =>
      key === Symbol.toPrimitive ? () => '' : key === Symbol.iterator ? () => [][Symbol.iterator]() : inert,
    apply: () => inert,
  });
  const config = readMemoryConfig(ENVIRONMENT);
  return new Proxy({ config } as unknown as Core, {
    get: (target, key) => (key === 'config' ? target.config : inert),
  });
};

const ENVIRONMENT = {
  DATABASE_URL: 'postgres://nobody@localhost/none',
  MEMPLANE_TENANT_ID: '00000000-0000-4000-8000-000000000000',
  KEYS_BUCKET_URL: 'file:///nowhere',
  KMS_KEY_ID: '/nowhere',
};
