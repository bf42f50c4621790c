import { Type } from '@sinclair/typebox';
import { choice, integer, text } from './config-fields.js';

const NO_ADAPTER = (store: string): string =>
  `there is no adapter for ${store}: take qdrant or pgvector; the index is built anew from Postgres, so nothing has to be moved`;

/** Of both roles: an index in the database is made by whoever owns its schema. */
export const Vectors = {
  VECTOR_DIMENSIONS: integer(1, 4096, 512, 'The dimension of every vector of the tenant; the model must have it.'),
  VECTOR_PROVIDER: choice(
    ['embedded', 'qdrant', 'pgvector', 'postgresql'],
    'embedded',
    'Where vectors are searched: in this process, in Qdrant, or in the database by its extension vector (postgresql is pgvector).',
    {
      milvus: NO_ADAPTER('Milvus'),
      pinecone: NO_ADAPTER('Pinecone'),
      chroma: NO_ADAPTER('Chroma'),
      weaviate: NO_ADAPTER('Weaviate'),
      opensearch: NO_ADAPTER('OpenSearch'),
      mem0: 'mem0 keeps its vectors to itself: take embedded, qdrant or pgvector, and bring the memories in with POST /api/v1/import',
    },
  ),
};

export const VectorDb = {
  VECTOR_DB_ENDPOINT: Type.Optional(
    text('^https?://.+', { description: 'The Qdrant server; needed by VECTOR_PROVIDER=qdrant.', allowed: 'a URL' }),
  ),
  VECTOR_DB_API_KEY: Type.Optional(
    text('^.{1,4096}$', {
      description: "Qdrant's key, or a token limited to the collection.",
      allowed: '1 to 4,096 characters',
      secret: true,
    }),
  ),
  VECTOR_DB_NAMESPACE: Type.Optional(
    text('^[A-Za-z0-9_-]{1,200}$', {
      description: 'The collection in Qdrant; tenants may share one. Unset: kernel-memory-<SERVICE_ENV>.',
      allowed: '1 to 200 letters, digits, hyphens, underscores',
    }),
  ),
  VECTOR_PRECISION: choice(
    ['half', 'int8'],
    'half',
    'How vectors are kept in the index: int8 takes a quarter of the memory, and the best are compared again with whole vectors.',
  ),
};

/** The model that takes over from the present one by POST /api/v1/reembed with dual_write. */
export const NextEmbedding = {
  EMBEDDING_NEXT_PROVIDER: Type.Optional(
    text('^(local|openai|google|ollama|hash)$', {
      description: 'Who embeds with the model that will take over; see the guide to rights, Embed anew.',
      allowed: 'local, openai, google, ollama, hash',
    }),
  ),
  EMBEDDING_NEXT_MODEL: Type.Optional(
    text('^.{1,200}$', { description: "Its name. Unset: the provider's own.", allowed: '1 to 200 characters' }),
  ),
  EMBEDDING_NEXT_ENDPOINT: Type.Optional(
    text('^https?://.+', { description: 'Where it is, if not at the address of its provider.', allowed: 'a URL' }),
  ),
  EMBEDDING_NEXT_API_KEY: Type.Optional(
    text('^[\\x21-\\x7e]{1,4096}$', {
      description: 'Its key. Unset: EMBEDDING_API_KEY, when the provider is the same.',
      allowed: '1 to 4,096 characters',
      secret: true,
    }),
  ),
  EMBEDDING_NEXT_DIMENSIONS: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 4096, description: 'The dimension of its vectors.', allowed: '1 to 4096' }),
  ),
};

export const MemoryProvider = {
  MEMORY_PROVIDER: choice(
    ['builtin', 'postgresql', 'mem0', 'letta'],
    'builtin',
    'Who keeps the memories: this service in its database (postgresql is another name for it), the Mem0 platform, or a Letta server.',
    {
      openmemory:
        'OpenMemory has become the server of Mem0 that one runs oneself, whose clients work here without a change: take builtin, and bring its export in with POST /api/v1/import',
      qdrant: 'Qdrant holds vectors, never memories: set VECTOR_PROVIDER=qdrant and leave this one at builtin',
    },
  ),
  MEMORY_PROVIDER_URL: Type.Optional(
    text('^https?://[^\\s?#]+$', {
      description:
        'Where the memory provider is. Unset: its own address in the cloud. Without TLS only beside the service, as a Letta of your own at http://letta:8283.',
      allowed: 'a URL without query',
    }),
  ),
  MEMORY_PROVIDER_API_KEY: Type.Optional(
    text('^[\\x21-\\x7e]{1,4096}$', {
      description: 'The key for the memory provider; MEM0_API_KEY and LETTA_API_KEY are other names of it.',
      allowed: '1 to 4,096 characters',
      secret: true,
    }),
  ),
  MEMORY_PROVIDER_TIMEOUT_MS: integer(
    100,
    600_000,
    30_000,
    'How long the memory provider may take for one request, tries included, and for work that it has queued.',
  ),
  MEM0_ORG_ID: Type.Optional(
    text('^[A-Za-z0-9_-]{1,128}$', {
      description: "The organisation at Mem0. Unset: the key's own.",
      allowed: '1 to 128 letters, digits, hyphens, underscores',
    }),
  ),
  MEM0_PROJECT_ID: Type.Optional(
    text('^[A-Za-z0-9_-]{1,128}$', {
      description: "The project at Mem0. Unset: the key's own.",
      allowed: '1 to 128 letters, digits, hyphens, underscores',
    }),
  ),
  LETTA_EMBEDDING: Type.Optional(
    text('^[!-~]{1,200}$', {
      description: 'The embedding model of the archives that are made at Letta, such as openai/text-embedding-3-small.',
      allowed: "a model's handle",
    }),
  ),
};

/** Google and Azure are asked with the pod's own identity; a container is in the account that the endpoint names. */
export const BUCKET_URL = {
  pattern: '^(file:///|s3://|gs://|azure://[^/]+[?&]endpoint=https?).+',
  allowed: 'file:///path, s3://bucket, gs://bucket or azure://container?endpoint=https://account…',
} as const;

/** Artifacts are whole files; the S3_ names are those of the deployment documents, and name the same bucket. */
export const ArtifactStore = {
  ARTIFACTS_BUCKET_URL: Type.Optional(
    text(BUCKET_URL.pattern, {
      description:
        'The bucket that holds artifacts, sealed. Unset: S3_BUCKET, and without it there are none, and their routes say so.',
      allowed: BUCKET_URL.allowed,
    }),
  ),
  S3_BUCKET: Type.Optional(
    text('^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', {
      description: 'The bucket that holds artifacts, by its name; instead of ARTIFACTS_BUCKET_URL.',
      allowed: "a bucket's name",
    }),
  ),
  S3_ENDPOINT: Type.Optional(
    text('^https?://.+', {
      description: 'Where the bucket of artifacts is, when it is not S3 of AWS. Unset: AWS.',
      allowed: 'a URL',
    }),
  ),
  S3_REGION: Type.Optional(
    text('^[a-z0-9-]{1,64}$', {
      description: "The region of the bucket of artifacts. Unset: the platform's; us-east-1 with S3_ENDPOINT.",
      allowed: "a region's name",
    }),
  ),
  S3_ACCESS_KEY: Type.Optional(
    text('^[\\x21-\\x7e]{1,256}$', {
      description:
        'Who the bucket of artifacts is asked as, with S3_SECRET. Unset: the identity that the platform gives the pod.',
      allowed: '1 to 256 characters',
      secret: true,
    }),
  ),
  S3_SECRET: Type.Optional(
    text('^[\\x21-\\x7e]{1,1024}$', {
      description: 'The secret of S3_ACCESS_KEY.',
      allowed: '1 to 1,024 characters',
      secret: true,
    }),
  ),
};
