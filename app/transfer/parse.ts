import { createHash } from 'node:crypto';
import { type FieldError, Problem, problem } from '../http/errors.js';
import { isObject, type Json, type JsonObject, parseJson } from '../http/json.js';
import { type Check, compileCheck } from '../http/validate.js';
import { FORMAT, type Footer, findFault, type LineType } from './format.js';
import {
  type ImportedEvent,
  ImportedEventSchema,
  type ImportedMemory,
  ImportedMemorySchema,
  type ImportedVector,
  ImportedVectorSchema,
} from './import-schema.js';
import { fromMem0, isMem0 } from './mem0.js';

/** One memory of the file, with what the file says of it further on. */
export interface ImportRecord {
  readonly line: number;
  readonly memory: ImportedMemory;
  vector: ImportedVector | undefined;
  readonly history: ImportedEvent[];
}

export interface LineError {
  readonly line: number;
  readonly id: string | null;
  readonly code: string;
  readonly pointer: string;
  readonly detail: string;
}

export interface ParsedFile {
  readonly records: readonly ImportRecord[];
  readonly errors: readonly LineError[];
  /** The model that inline vectors were made by, if the file says so. */
  readonly model: string | null;
  readonly verified: boolean;
}

export interface ParseOptions {
  readonly verify: boolean;
  readonly signer: string | undefined;
}

const checkMemory = compileCheck(ImportedMemorySchema);
const checkVector = compileCheck(ImportedVectorSchema);
const checkEvent = compileCheck(ImportedEventSchema);

/** A memory of 100,000 characters, its metadata and a vector of 4,096 numbers are some 300 KB. */
const MAX_LINE_BYTES = 2_000_000;
/** Of a file that is wrong from end to end. */
const MAX_ERRORS = 100;
const NEWLINE = 0x0a;

/** Lines of JSON. A file with a header is an export, and is taken whole or not at all. */
export const parseLines = (bytes: Buffer, options: ParseOptions): ParsedFile => {
  const reader = new LineReader();
  const hash = createHash('sha256');
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(NEWLINE, start);
    const end = at < 0 ? bytes.length : at + 1;
    line++;
    if (reader.read(bytes.subarray(start, end), line) !== 'footer') hash.update(bytes.subarray(start, end));
    start = end;
  }
  return reader.end(hash.digest('hex'), options);
};

/** One JSON document: a list of memories, or an object with one, as mem0's `get_all` answers. */
export const parseDocument = (bytes: Buffer, { signer }: ParseOptions): ParsedFile => {
  if (signer !== undefined) throw unsigned();
  const value = parseJson(bytes, 'the document');
  const list = listOf(value);
  if (!list) {
    throw problem('invalid_request', 'The document is no list of memories.', {
      remedy: 'Send an array of memories, or an object with one as "results" or "memories".',
      errors: [{ pointer: '', code: 'type', detail: 'an array, or an object with results, is required' }],
    });
  }
  const reader = new LineReader();
  list.forEach((item, index) => {
    reader.take(item, index + 1);
  });
  return reader.end('', { verify: false, signer: undefined });
};

const listOf = (value: Json): readonly Json[] | undefined => {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return undefined;
  const { results, memories } = value;
  return Array.isArray(results) ? results : Array.isArray(memories) ? memories : undefined;
};

class LineReader {
  readonly #records: ImportRecord[] = [];
  readonly #byId = new Map<string, ImportRecord>();
  readonly #errors: LineError[] = [];
  readonly #counts: Record<LineType, number> = { memory: 0, history: 0, vector: 0, audit: 0 };
  #header: JsonObject | undefined;
  #footer: Footer | undefined;
  #afterFooter = false;

  read(bytes: Buffer, line: number): 'footer' | 'line' {
    const text = bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes;
    if (text.length === 0 || (text.length === 1 && text[0] === 0x0d)) return 'line';
    if (this.#footer) this.#afterFooter = true;
    if (text.length > MAX_LINE_BYTES) {
      this.#fail(line, null, [{ pointer: '', code: 'line_too_long', detail: `longer than ${MAX_LINE_BYTES} bytes` }]);
      return 'line';
    }
    try {
      return this.take(parseJson(text, 'the line'), line);
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause;
      this.#fail(line, null, cause.options.errors ?? [{ pointer: '', code: 'json', detail: cause.message }]);
      return 'line';
    }
  }

  take(value: Json, line: number): 'footer' | 'line' {
    if (!isObject(value)) {
      this.#fail(line, null, [{ pointer: '', code: 'type', detail: 'the line is no object' }]);
      return 'line';
    }
    if (value.type === 'header') this.#takeHeader(value, line);
    else if (value.type === 'footer') return this.#takeFooter(value, line);
    else if (value.type === 'vector') this.#attach(checkVector, value, line);
    else if (value.type === 'history') this.#attach(checkEvent, value, line);
    else if (value.type === 'audit') this.#counts.audit++;
    else this.#takeMemory(value, line);
    return 'line';
  }

  end(sha256: string, { verify, signer }: ParseOptions): ParsedFile {
    const verified = this.#verify(sha256, verify, signer);
    const name = isObject(this.#header?.model) ? this.#header.model.name : null;
    const model = typeof name === 'string' ? name : null;
    return { records: this.#records, errors: this.#errors, model, verified };
  }

  #takeHeader(value: JsonObject, line: number): void {
    if (value.format !== FORMAT) {
      throw problem('invalid_request', `The file is of another format than ${FORMAT}.`, {
        errors: [{ pointer: '/format', code: 'format', detail: `line ${line}: format must be ${FORMAT}` }],
      });
    }
    if (this.#header || this.#records.length > 0) throw broken('it has a header that is not its first line');
    this.#header = value;
  }

  #takeFooter(value: JsonObject, line: number): 'footer' | 'line' {
    const { count, sha256, signature } = value;
    if (this.#footer || !isObject(count) || typeof sha256 !== 'string' || typeof signature !== 'string') {
      this.#fail(line, null, [{ pointer: '', code: 'footer', detail: 'the footer is not one of ours' }]);
      return 'line';
    }
    this.#footer = { type: 'footer', count: count as unknown as Footer['count'], sha256, signature };
    return 'footer';
  }

  #takeMemory(value: JsonObject, line: number): void {
    this.#counts.memory++;
    const given = isMem0(value) ? fromMem0(value) : value;
    const id = typeof given.id === 'string' ? given.id.toLowerCase() : null;
    const checked = checkMemory(given);
    if (!checked.ok) return void this.#fail(line, id, checked.errors);
    if (id !== null && this.#byId.has(id)) {
      return void this.#fail(line, id, [{ pointer: '/id', code: 'duplicate', detail: 'the id was on a line before' }]);
    }
    const record: ImportRecord = { line, memory: checked.value, vector: undefined, history: [] };
    this.#records.push(record);
    if (id !== null) this.#byId.set(id, record);
  }

  #attach(check: Check<ImportedVector> | Check<ImportedEvent>, value: JsonObject, line: number): void {
    this.#counts[value.type === 'vector' ? 'vector' : 'history']++;
    const checked = check(value);
    if (!checked.ok) return void this.#fail(line, null, checked.errors);
    const part = checked.value;
    const record = this.#byId.get(part.memory_id.toLowerCase());
    if (!record) {
      const detail = 'there is no such memory on a line before';
      return void this.#fail(line, part.memory_id, [{ pointer: '/memory_id', code: 'unknown_memory', detail }]);
    }
    if (part.type === 'vector') record.vector = part;
    else record.history.push(part);
  }

  #fail(line: number, id: string | null, errors: readonly FieldError[]): void {
    for (const { pointer, code, detail } of errors.slice(0, 5)) this.#errors.push({ line, id, code, pointer, detail });
    if (this.#errors.length < MAX_ERRORS) return;
    throw problem('invalid_request', `The file has more than ${MAX_ERRORS} mistakes; nothing was written.`, {
      errors: this.#errors.map((error) => ({
        pointer: error.pointer,
        code: error.code,
        detail: `line ${error.line}: ${error.detail}`,
      })),
    });
  }

  #verify(sha256: string, demanded: boolean, signer: string | undefined): boolean {
    const header = this.#header;
    if (!header) {
      if (signer !== undefined) throw unsigned();
      if (this.#footer) throw broken('it has a footer and no header');
      return false;
    }
    const vkey = typeof header.vkey === 'string' ? header.vkey : '';
    if (signer !== undefined && signer !== vkey) throw broken('it was signed by another key than ?signer= names');
    const fault = this.#afterFooter
      ? 'there are lines after its footer'
      : this.#footer
        ? findFault(this.#footer, this.#counts, sha256, vkey)
        : 'its footer is missing: it was cut off';
    if (fault === undefined) return true;
    if (demanded) throw broken(fault);
    return false;
  }
}

const broken = (fault: string): Problem =>
  problem('invalid_request', `The export is not as it was written: ${fault}. Nothing was written.`, {
    remedy: 'Fetch it again; or, to take what is there all the same, send ?verify=false.',
    errors: [{ pointer: '', code: 'tampered', detail: fault }],
  });

const unsigned = (): Problem =>
  problem('invalid_request', '?signer= names a key, but the file is no signed export.', {
    errors: [{ pointer: '/query/signer', code: 'unsigned', detail: 'the file has no header' }],
  });
