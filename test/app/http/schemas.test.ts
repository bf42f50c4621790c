import { Ajv } from 'ajv';
import { createTestTenant, startInProcess } from '../../support/memory-service.js';

/** Checks are compiled when they are first asked: that all of them can be is seen here, not by the first client. */
it('every schema of the API compiles', async () => {
  const tenant = await createTestTenant();
  const service = await startInProcess(tenant);
  const { body } = await service.call('GET', '/openapi.json', { key: null });
  await tenant.drop();
  const ajv = new Ajv({ strict: false, logger: false });
  const operations = Object.values(body.paths as Record<string, Record<string, Operation>>).flatMap(Object.values);
  const schemas = (operations as readonly Operation[]).flatMap(({ requestBody, parameters = [] }) => [
    ...Object.values(requestBody?.content ?? {}).map(({ schema }) => schema),
    ...parameters.map(({ schema }) => schema),
  ]);
  const components = { components: body.components };
  for (const schema of schemas) expect(() => ajv.compile({ ...components, ...(schema as object) })).not.toThrow();
  expect(schemas.length).toBeGreaterThan(100);
}, 60_000);

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly parameters?: readonly { readonly schema: unknown }[];
}
