import { badRequest, unsupportedMediaType } from '../errors.js';
import type { MutableDict } from '../objects.js';
import { type FieldType, MESSAGES } from './messages.js';
import { readFields, type WireField } from './wire.js';

const MAGIC = Buffer.from('k8s\0');

/** Kubernetes' protobuf envelope of one of the kinds that people create by hand. Any other is sent back to JSON. */
export function decodeProtobuf(body: Buffer): MutableDict {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw badRequest('the body is not a Kubernetes protobuf message');
  try {
    const envelope = readFields(body.subarray(MAGIC.length));
    const type = readFields(envelope.find(({ number }) => number === 1)?.bytes ?? Buffer.alloc(0));
    const text = (wanted: number): string => type.find(({ number }) => number === wanted)?.bytes.toString('utf8') ?? '';
    const [apiVersion, kind] = [text(1), text(2)];
    const raw = envelope.find(({ number }) => number === 2)?.bytes ?? Buffer.alloc(0);
    if (MESSAGES[kind] === undefined) throw refusal(kind);
    return { apiVersion, kind, ...decodeMessage(raw, kind) };
  } catch (cause) {
    if (cause instanceof RangeError) throw badRequest(cause.message);
    throw cause;
  }
}

const refusal = (kind: string): Error =>
  unsupportedMediaType(
    `the local cluster does not read ${kind} as protobuf: write it as YAML and use "kubectl apply -f" (or "kubectl create … --dry-run=client -o yaml | kubectl apply -f -")`,
  );

function decodeMessage(bytes: Buffer, name: string): MutableDict {
  const message = MESSAGES[name] ?? {};
  const object: MutableDict = {};
  for (const field of readFields(bytes)) {
    const known = message[field.number];
    if (known !== undefined) assign(object, known[0], known[1], field);
  }
  return object;
}

function assign(object: MutableDict, name: string, type: FieldType, field: WireField): void {
  const list = (): unknown[] => {
    const known = object[name];
    if (Array.isArray(known)) return known;
    const made: unknown[] = [];
    object[name] = made;
    return made;
  };
  if (typeof type === 'object') {
    const value = decodeMessage(field.bytes, type.message);
    if (type.list === true) list().push(value);
    else object[name] = value;
    return;
  }
  if (type === 'string[]') list().push(field.bytes.toString('utf8'));
  else if (type === 'map' || type === 'bytes-map') assignEntry(object, name, field, type === 'map' ? 'utf8' : 'base64');
  else assignScalar(object, name, type, field);
}

function assignScalar(
  object: MutableDict,
  name: string,
  type: 'string' | 'bool' | 'int' | 'bytes' | 'time',
  field: WireField,
): void {
  if (type === 'bool') object[name] = field.value !== 0n;
  else if (type === 'int') object[name] = Number(field.value);
  else if (type === 'bytes') object[name] = field.bytes.toString('base64');
  else if (type === 'string' && field.bytes.length > 0) object[name] = field.bytes.toString('utf8');
}

function assignEntry(object: MutableDict, name: string, field: WireField, encoding: BufferEncoding): void {
  const entry = readFields(field.bytes);
  const part = (wanted: number): Buffer => entry.find(({ number }) => number === wanted)?.bytes ?? Buffer.alloc(0);
  const known = object[name];
  const map = typeof known === 'object' && known !== null ? known : {};
  object[name] = { ...map, [part(1).toString('utf8')]: part(2).toString(encoding) };
}
