import type { BundleFiles } from './bundle-files.js';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { leafHash } from './merkle.js';
import { parseNote, signersNamed, signersOf } from './note.js';
import { verifyInclusion } from './proof.js';
import { parseProof } from './tlog.js';
import type { Level, VerifyPolicy } from './verify-policy.js';

/** What contradicts something that was signed, or hashed. */
export interface Finding {
  /** The event that it is about, as far as it can be told. */
  readonly seq: number | null;
  readonly what: string;
}

export interface TrustedCheckpoint extends Checkpoint {
  readonly name: string;
  /** `unsigned` when the policy wants a key of the plane besides, and none signed. */
  readonly level: Level;
}

export interface Checkpoints {
  readonly trusted: readonly TrustedCheckpoint[];
  readonly findings: readonly Finding[];
  /** However many of them there are, good or bad. */
  readonly found: number;
}

const NUMBERED = /^checkpoints\/([0-9]{20})$/;

/** Those of the bundle and those that the policy kept, each with the strongest claim that holds for it. */
export const verifyCheckpoints = (files: BundleFiles, policy: VerifyPolicy): Checkpoints => {
  const anchored = anchoredBodies(files, policy);
  const findings: Finding[] = [...anchored.findings];
  const trusted: TrustedCheckpoint[] = [];
  const sources = [
    ...files.list('checkpoints').map((name) => ({ name, bytes: files.read(name) })),
    { name: 'checkpoint', bytes: files.read('checkpoint') },
    ...policy.checkpoints.map((bytes, index) => ({ name: `checkpoints[${index}] of the policy`, bytes })),
  ];
  const present = sources.flatMap(({ name, bytes }) => (bytes ? [{ name, bytes }] : []));
  for (const { name, bytes } of present) {
    const result = verifyOne(name, bytes, policy, anchored.bodies);
    if ('what' in result) findings.push(result);
    else trusted.push(result);
  }
  return { trusted, findings, found: present.length };
};

const verifyOne = (
  name: string,
  bytes: Buffer,
  policy: VerifyPolicy,
  anchored: ReadonlySet<string>,
): TrustedCheckpoint | Finding => {
  const note = parseNote(bytes);
  const checkpoint = note && parseCheckpoint(note.text);
  const wrong = (what: string): Finding => ({ seq: null, what: `${name} ${what}` });
  if (!note || !checkpoint) return wrong('is no checkpoint');
  if (checkpoint.origin !== policy.origin) return wrong(`is of the log ${checkpoint.origin}`);
  if (signersOf(note, policy.keys).length === 0) return wrong('is not signed by a key of the policy');
  const number = NUMBERED.exec(name)?.[1];
  if (number !== undefined && Number(number) !== checkpoint.size) return wrong(`is of size ${checkpoint.size}`);
  const forged = signersNamed(note, policy.plane).length > signersOf(note, policy.plane).length;
  if (forged) return wrong('has a signature of the plane that does not hold');
  const witnessed = signersOf(note, policy.witnesses).length >= policy.quorum;
  const signed = policy.plane.length === 0 || signersOf(note, policy.plane).length > 0;
  const level = anchored.has(note.text) ? 'anchored' : witnessed ? 'witnessed' : signed ? 'signed' : 'unsigned';
  return { ...checkpoint, name, level };
};

/** `anchors/<size>` proves that the plane's anchor log holds the three lines of that checkpoint. */
const anchoredBodies = (
  files: BundleFiles,
  policy: VerifyPolicy,
): { readonly bodies: ReadonlySet<string>; readonly findings: readonly Finding[] } => {
  const bodies = new Set<string>();
  const findings: Finding[] = [];
  // Without a key to check them by they say nothing, either way.
  if (policy.anchors.length === 0) return { bodies, findings };
  for (const name of files.list('anchors')) {
    const body = bodyOf(files, name.slice('anchors/'.length));
    const why = body === undefined ? 'is of no checkpoint of the bundle' : refuteAnchor(files.read(name), body, policy);
    if (why !== undefined) findings.push({ seq: null, what: `${name} ${why}` });
    else if (body !== undefined) bodies.add(body);
  }
  return { bodies, findings };
};

const bodyOf = (files: BundleFiles, number: string): string | undefined => {
  const bytes = files.read(`checkpoints/${number}`);
  const checkpoint = bytes && parseCheckpoint(parseNote(bytes)?.text ?? '');
  return checkpoint && formatCheckpoint(checkpoint);
};

const refuteAnchor = (bytes: Buffer | undefined, body: string, policy: VerifyPolicy): string | undefined => {
  const proof = bytes && parseProof(bytes.toString('utf8'));
  const note = proof && parseNote(proof.checkpoint);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!proof || !note || !checkpoint) return 'is no proof';
  const signers = signersOf(note, policy.anchors).filter(({ name }) => name === checkpoint.origin);
  if (signers.length === 0) return `is of the log ${checkpoint.origin}, not signed by an anchor of the policy`;
  const { index, hashes } = proof;
  const claim = {
    index,
    size: checkpoint.size,
    leaf: leafHash(Buffer.from(body)),
    proof: hashes,
    root: checkpoint.root,
  };
  return verifyInclusion(claim) ? undefined : 'does not prove that the anchor log holds the checkpoint';
};
