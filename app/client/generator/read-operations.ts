import type { Schema } from './print-type.js';

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}
interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
  readonly description?: string;
}

export interface ReadOperation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly bodyType: string | null;
  /** What a success is answered with, one schema for each status that has one. */
  readonly results: readonly Schema[];
  /** What is answered is no JSON. */
  readonly raw: boolean;
}

/** Other clients have the protocols of others. */
const OURS = /^\/(api\/v1\/(?!orgs\/|webhooks\/projects\/)|memory_stats$|scheduler_status$|run_forgetting_curve$)/;

export const readOperations = ({ paths }: Document): readonly ReadOperation[] =>
  Object.entries(paths)
    .filter(([path]) => OURS.test(path) && !path.endsWith('/'))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => readOperation(path, method, one)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const readOperation = (path: string, method: string, one: DocumentedOperation): ReadOperation => {
  const succeeded = Object.entries(one.responses).filter(([status]) => status.startsWith('2'));
  const contents = succeeded.flatMap(([, { content = {} }]) => Object.entries(content));
  const [[bodyType, bodySchema] = []] = Object.entries(one.requestBody?.content ?? {});
  const json = contents.filter(([type]) => type === 'application/json');
  return {
    name: one.operationId,
    method: method.toUpperCase(),
    path,
    summary: one.summary,
    parameters: one.parameters,
    body: bodySchema?.schema,
    bodyType: bodyType ?? null,
    results: json.map(([, { schema }]) => schema),
    raw: contents.length > 0 && json.length < contents.length,
  };
};
