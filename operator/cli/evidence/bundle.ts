import { createHash } from 'node:crypto';
import { formatCheckpoint, parseCheckpoint } from '../../../app/audit/checkpoint.js';
import { buildNote, parseNote, signersOf } from '../../../app/audit/note.js';
import { jcs } from '../../../app/sealing/index.js';
import type { EvidenceFact, EvidenceHeader } from './fact.js';
import { type EvidenceSigner, type EvidenceVerifier, originOf } from './keys.js';

export const FORMAT = 'memplane.dev/evidence/1';

/** In front of each line that is hashed, so that its hash is nothing else's. */
const DOMAIN = 'memplane evidence/1\n';

const hashOf = (line: string): Buffer => createHash('sha256').update(DOMAIN).update(line).digest();

/**
 * JSON Lines: a header, a line a fact, and a signed checkpoint, as the audit log has them. Each line after the first
 * carries the hash of the one before, so the checkpoint's hash of the last one covers all.
 */
export function buildBundle(header: EvidenceHeader, facts: readonly EvidenceFact[], signer: EvidenceSigner): string {
  const lines = [jcs(header)];
  let prev = hashOf(lines[0] ?? '');
  for (const fact of facts) {
    const line = jcs({ ...fact, prev: prev.toString('hex') });
    lines.push(line);
    prev = hashOf(line);
  }
  const origin = originOf(header.environment);
  const text = formatCheckpoint({ origin, size: lines.length, root: prev });
  const note = buildNote(text, [signer.sign(origin, text)]).toString('utf8');
  return `${[...lines, jcs({ note })].join('\n')}\n`;
}

export interface OpenBundle {
  readonly header: EvidenceHeader;
  readonly facts: readonly EvidenceFact[];
  /** Hash of the last line: the name of this bundle, and `previous` of the next. */
  readonly head: string;
  /** What contradicts what was hashed or signed, each with its line. */
  readonly findings: readonly string[];
}

/** What does not even look like a bundle. */
export class NoBundle extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'NoBundle';
  }
}

/** Without verifiers the chain is followed, and nobody says who made it. */
export function openBundle(text: string, verifiersFor: (origin: string) => readonly EvidenceVerifier[]): OpenBundle {
  const lines = text.replace(/\n$/, '').split('\n');
  const parsed = lines.map(parseLine);
  const header = parsed[0] as EvidenceHeader | undefined;
  if (header?.format !== FORMAT) throw new NoBundle(`its first line is no header of the format ${FORMAT}`);
  const { note } = (parsed.at(-1) ?? {}) as { readonly note?: unknown };
  const body = typeof note === 'string' ? lines.slice(0, -1) : lines;
  const head = hashOf(body.at(-1) ?? '').toString('hex');
  const broken = body.flatMap((_, at) => (at === 0 ? [] : brokenAt(body, parsed, at)));
  const facts = parsed.slice(1, body.length).filter((one) => one !== undefined) as readonly EvidenceFact[];
  const origin = originOf(header.environment);
  const signed = checkNote(
    typeof note === 'string' ? note : '',
    origin,
    { size: body.length, head },
    verifiersFor(origin),
  );
  return { header, facts, head, findings: [...broken, ...signed] };
}

function parseLine(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function brokenAt(body: readonly string[], parsed: readonly (object | undefined)[], at: number): readonly string[] {
  const one = parsed[at] as { readonly prev?: unknown } | undefined;
  if (one === undefined) return [`line ${at + 1} is no JSON object`];
  if (one.prev === hashOf(body[at - 1] ?? '').toString('hex')) return [];
  return [`line ${at + 1} does not follow line ${at}: one of them was changed, taken out or put in`];
}

function checkNote(
  text: string,
  origin: string,
  { size, head }: { readonly size: number; readonly head: string },
  verifiers: readonly EvidenceVerifier[],
): readonly string[] {
  const note = parseNote(Buffer.from(text));
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
  if (note === undefined || checkpoint === undefined) return ['its last line is no signed checkpoint'];
  const unlike = [
    ...(checkpoint.origin === origin ? [] : [`the checkpoint is of ${checkpoint.origin}, not of ${origin}`]),
    ...(checkpoint.size === size ? [] : [`the checkpoint covers ${checkpoint.size} lines, and there are ${size}`]),
    ...(checkpoint.root.toString('hex') === head ? [] : ['the checkpoint has another hash of the last line']),
  ];
  if (verifiers.length === 0 || signersOf(note, verifiers).length > 0) return unlike;
  return [...unlike, 'no signature of the given public key holds'];
}
