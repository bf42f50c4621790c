import { badRequest, invalid } from '../errors.js';
import { cloneJson, isDict, isMutableDict, sameJson } from '../objects.js';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 6902 on a copy. An operation that does not fit the document is a 422, as Kubernetes has it. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('json: a JSON patch is a list of operations');
  const root = { document: cloneJson(document) };
  for (const operation of patch) {
    if (!isDict(operation) || typeof operation.op !== 'string' || typeof operation.path !== 'string') {
      throw badRequest(`a JSON patch operation needs op and path, got ${JSON.stringify(operation)}`);
    }
    applyOperation(root, operation as unknown as Operation);
  }
  return root.document;
}

interface Root {
  document: unknown;
}

function refusal(operation: Operation, because: string): Error {
  const name = '';
  return invalid({ group: '', kind: '', name }, [
    { reason: 'FieldValueInvalid', field: 'patch', message: `${operation.op} ${operation.path}: ${because}` },
  ]);
}

function applyOperation(root: Root, operation: Operation): void {
  const { op, path, from = '' } = operation;
  switch (op) {
    case 'add':
      put(root, operation, path, cloneJson(operation.value), true);
      break;
    case 'replace':
      read(root, operation, path);
      put(root, operation, path, cloneJson(operation.value), false);
      break;
    case 'remove':
      remove(root, operation, path);
      break;
    case 'test':
      if (!sameJson(read(root, operation, path), operation.value ?? null)) {
        throw refusal(operation, 'testing value failed');
      }
      break;
    case 'copy':
      put(root, operation, path, cloneJson(read(root, operation, from)), true);
      break;
    case 'move': {
      const value = read(root, operation, from);
      remove(root, operation, from);
      put(root, operation, path, value, true);
      break;
    }
    default:
      throw refusal(operation, 'unknown operation');
  }
}

const tokensOf = (pointer: string): readonly string[] =>
  pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

function step(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return value[Number(token)];
  return isDict(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function read(root: Root, operation: Operation, pointer: string): unknown {
  let value: unknown = root.document;
  for (const token of tokensOf(pointer)) {
    value = step(value, token);
    if (value === undefined) throw refusal(operation, `no value at ${pointer}`);
  }
  return value;
}

function parentOf(root: Root, operation: Operation, pointer: string): readonly [unknown, string] {
  const tokens = tokensOf(pointer);
  const last = tokens.at(-1);
  if (last === undefined) throw refusal(operation, 'the document itself has no parent');
  let value: unknown = root.document;
  for (const token of tokens.slice(0, -1)) value = step(value, token);
  if (value === undefined || value === null) throw refusal(operation, `no parent of ${pointer}`);
  return [value, last];
}

function put(root: Root, operation: Operation, pointer: string, value: unknown, insert: boolean): void {
  if (pointer === '') {
    root.document = value;
    return;
  }
  const [parent, last] = parentOf(root, operation, pointer);
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw refusal(operation, 'index out of bounds');
    parent.splice(index, insert ? 0 : 1, value);
  } else if (isMutableDict(parent)) parent[last] = value;
  else throw refusal(operation, `no parent of ${pointer}`);
}

function remove(root: Root, operation: Operation, pointer: string): void {
  const [parent, last] = parentOf(root, operation, pointer);
  if (step(parent, last) === undefined) throw refusal(operation, `no value at ${pointer}`);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isMutableDict(parent)) delete parent[last];
}
