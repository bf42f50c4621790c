import type { TObject, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { BESIDE } from './beside.js';
import type { Dialect } from './dialect.js';
import { ERROR_CODES } from './errors.js';
import type { Route } from './route.js';

const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.Unsafe<string>({ type: 'string', enum: [...ERROR_CODES] }),
  detail: Type.String(),
  remedy: Type.String(),
  requestId: Type.String(),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        index: Type.Optional(Type.Integer()),
        pointer: Type.String(),
        code: Type.String(),
        detail: Type.String(),
      }),
    ),
  ),
});

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

export interface OpenApiOptions {
  readonly version: string;
  readonly publicUrl: string | undefined;
  readonly dialects?: readonly Dialect[];
}

/** From the schemas that check the requests: what it says is what happens. */
export const buildOpenApi = (routes: readonly Route[], options: OpenApiOptions): object => {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    (paths[route.path] as Record<string, object>)[route.method.toLowerCase()] = buildOperation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Memplane memory service', version: options.version, description: DESCRIPTION },
    ...(options.publicUrl ? { servers: [{ url: options.publicUrl }] } : {}),
    security: [{ apiKey: [] }, { bearer: [] }],
    paths,
    components: {
      schemas: { Problem: ProblemSchema },
      responses: {
        ...Object.fromEntries((options.dialects ?? []).map(({ name, schema }) => [name, buildError(schema)])),
        Problem: {
          description: 'Problem',
          content: PROBLEM_CONTENT,
        },
      },
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  };
};

const DESCRIPTION = ['Beside these operations:', ...BESIDE.map(([call, what]) => `- ${call}: ${what}`)].join('\n');

const buildOperation = (route: Route): object => ({
  operationId: route.operation,
  summary: route.summary,
  description: `Needs the permission ${route.permission}.`,
  parameters: [...pathParameters(route), ...queryParameters(route.query), ...headerParameters(route)],
  ...requestBodyOf(route),
  responses: {
    ...Object.fromEntries(
      Object.entries(route.responses).map(([status, schema]) => [
        status,
        status === '204' ? NO_CONTENT : buildAnswer(schema),
      ]),
    ),
    ...Object.fromEntries(
      refusalsOf(route).map((status) => [status, status === 304 ? NOT_MODIFIED : refusalOf(route)] as const),
    ),
  },
});

const requestBodyOf = ({ body, rawBody }: Route): object => {
  if (rawBody) {
    const content = Object.fromEntries(rawBody.map((type) => [type, { schema: { type: 'string' } }]));
    return { requestBody: { required: true, content } };
  }
  return body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {};
};

const refusalOf = ({ dialect = 'Problem' }: Route) => ({ $ref: `#/components/responses/${dialect}` });
/** What never got so far as to be of a dialect, such as headers of more than 16 KiB, is answered with a problem document. */
const buildError = (schema: TSchema): object => ({
  description: 'What was wrong, and its remedy',
  content: { 'application/json': { schema }, ...PROBLEM_CONTENT },
});
const NO_CONTENT = { description: 'Done; there is nothing to say' };
const NOT_MODIFIED = { description: 'It is the version that is known already' };

/** Every status but those of a failure of ours: what is not listed does not come. */
const refusalsOf = ({
  body,
  rawBody,
  conditions = [],
  idempotencyKey,
  writes,
  responses,
  flag,
  optional,
  ofRow,
}: Route): readonly number[] => [
  ...[400, 401, 403, 404, 422, 429, 503],
  ...(flag !== undefined || optional || idempotencyKey === 'refused' ? [501] : []),
  ...(conditions.includes('If-None-Match') && responses[200] && !writes ? [304] : []),
  ...(writes || body || rawBody || idempotencyKey || ofRow ? [409] : []),
  ...(conditions.length > 0 ? [412] : []),
  ...(body || rawBody ? [413, 415] : []),
];

const buildAnswer = (schema: TSchema): object => ({
  description: 'Answer',
  content: { [schema.contentMediaType ?? 'application/json']: { schema } },
});

const pathParameters = ({ path, textParams = [] }: Route): readonly object[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: textParams.includes(name ?? '') ? { type: 'string' } : { type: 'string', format: 'uuid' },
  }));

const queryParameters = (query: TObject | undefined): readonly object[] =>
  Object.entries(query?.properties ?? {}).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));

const headerParameters = ({ idempotencyKey, conditions = [] }: Route): readonly object[] => [
  ...conditions.map((name) => buildHeader(name, CONDITIONS[name], { type: 'string' })),
  ...(idempotencyKey === 'honoured' ? [buildHeader('Idempotency-Key', IDEMPOTENCY_KEY, KEY_SCHEMA)] : []),
];

const CONDITIONS = {
  'If-Match': 'The ETag of the version that was decided on; when there is another by now the answer is 412.',
  'If-None-Match':
    'To read: the ETag that is known already, for a 304. To write: only *, to write what is not there yet.',
} as const;
const IDEMPOTENCY_KEY = 'Sent again with the same request within 24 hours, the first answer comes again.';
const KEY_SCHEMA = { type: 'string', minLength: 1, maxLength: 255 } as const;

const buildHeader = (name: string, description: string, schema: object): object => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});
