import { Type } from '@sinclair/typebox';
import { defineRoute, type Route } from '../http/route.js';
import { problemAt } from '../memories/plan.js';
import { ExternalId, literals, Uuid } from '../memories/schema.js';
import {
  type Artifact,
  type ArtifactDeps,
  createArtifact,
  getArtifact,
  listArtifacts,
  readArtifact,
} from './service.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);

const ArtifactSchema = Type.Object({
  id: Uuid,
  sha256: Type.String(),
  bytes: Type.Integer(),
  name: NullableText,
  content_type: Type.String(),
  memory_id: NullableText,
  created_at: Type.String(),
  created_by: Type.String(),
  signature: Type.String({ description: 'Ed25519 over "memplane/artifact/1", a line feed and the manifest as JCS' }),
  vkey: Type.String({ description: 'the key of the audit log' }),
  url: Type.String(),
});

/** Base64 of 25 MB. */
const MAX_CHARACTERS = 35_000_000;

const NewSchema = Type.Object(
  {
    content: Type.String({ maxLength: MAX_CHARACTERS, pattern: '^[A-Za-z0-9+/]*={0,2}$', description: 'base64' }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\x00-\\x1f\\x7f]+$' })),
    content_type: Type.Optional(
      Type.String({ maxLength: 127, pattern: '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$' }),
    ),
    memory_id: Type.Optional(Uuid),
    user_id: Type.Optional(ExternalId),
    scope: Type.Optional(literals(['user', 'global'])),
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
  },
  { additionalProperties: false },
);

export const artifactRoutes = (deps: ArtifactDeps): readonly Route[] => [
  create(deps),
  list(deps),
  get(deps),
  read(deps),
];

const create = (deps: ArtifactDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/artifacts',
    operation: 'createArtifact',
    summary: 'Store a file, sealed, with or without the memory that it belongs to',
    permission: 'ingest',
    writes: true,
    idempotencyKey: 'honoured',
    body: NewSchema,
    responses: { 201: ArtifactSchema },
    handle: async (request) => {
      const { content, name = null, content_type: contentType = 'application/octet-stream', sha256 } = request.body;
      const { memory_id: memoryId, user_id: userId = null, scope } = request.body;
      if (memoryId !== undefined && (userId !== null || scope !== undefined))
        throw problemAt(
          'invalid_request',
          '/memory_id',
          'The owner is that of the memory: leave user_id and scope out.',
        );
      const asked = {
        ...{ content: Buffer.from(content, 'base64'), name, contentType, userId, sha256 },
        memoryId: memoryId?.toLowerCase() ?? null,
        isGlobal: scope === 'global',
      };
      const answer = (body: Artifact) => ({
        ...{ status: 201, body, headers: { Location: `/api/v1/artifacts/${body.id}` } },
      });
      return answer(
        await createArtifact(deps, request, asked, (transaction, slot, artifact) =>
          request.remember(transaction, slot, answer(artifact)),
        ),
      );
    },
  });

const list = (deps: ArtifactDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/artifacts',
    operation: 'listArtifacts',
    summary: 'List artifacts, newest first',
    permission: 'retrieve',
    writes: false,
    query: Type.Object(
      {
        memory_id: Type.Optional(Uuid),
        limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
        cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
      },
      { additionalProperties: false },
    ),
    responses: { 200: Type.Object({ results: Type.Array(ArtifactSchema), next_cursor: NullableText }) },
    handle: async (request) => ({ status: 200, body: await listArtifacts(deps, request, request.query) }),
  });

const get = (deps: ArtifactDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/artifacts/{id}',
    operation: 'getArtifact',
    summary: 'Read what is known of an artifact',
    permission: 'retrieve',
    writes: false,
    responses: { 200: ArtifactSchema },
    handle: async (request) => ({
      status: 200,
      body: await getArtifact(deps, request, request.params.id as string),
    }),
  });

const read = (deps: ArtifactDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/artifacts/{id}/content',
    operation: 'readArtifact',
    summary: 'Read the bytes of an artifact',
    permission: 'retrieve',
    writes: false,
    responses: { 200: Type.Unsafe<Buffer>({ type: 'string', format: 'binary', contentMediaType: '*/*' }) },
    handle: async (request) => {
      const { content, manifest } = await readArtifact(deps, request, request.params.id as string);
      const name = encodeURIComponent(manifest.name ?? manifest.id).replace(/[!'()*]/g, percentEncode);
      const headers = {
        'Content-Type': manifest.content_type,
        // Whatever it is, a browser does not run it as a page of ours.
        'Content-Disposition': `attachment; filename*=UTF-8''${name}`,
        'Content-Security-Policy': "default-src 'none'; sandbox",
        ETag: `"${manifest.sha256}"`,
      };
      return { status: 200, body: content, headers };
    },
  });

const percentEncode = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
