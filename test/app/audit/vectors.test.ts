import { createPrivateKey, sign } from 'node:crypto';
import { parseCheckpoint, signCheckpoint } from '../../../app/audit/checkpoint.js';
import { assembleEvent, buildEventParts, type UnsequencedEvent } from '../../../app/audit/event.js';
import {
  decodeFacts,
  detailCommit,
  encodeFacts,
  factRoot,
  type ReadLeaf,
  readLine,
  readRoot,
} from '../../../app/audit/leaves.js';
import { leafHash, merkleRoot } from '../../../app/audit/merkle.js';
import { parseNote, parseVerifierKey, signersOf } from '../../../app/audit/note.js';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../../app/audit/proof.js';
import { decodeEntries, encodeEntries } from '../../../app/audit/tlog.js';
import { readVectors } from '../../support/vectors.js';

interface Vectors {
  readonly events: readonly { readonly event: UnsequencedEvent; readonly bytes: string; readonly leaf: string }[];
  readonly roots: readonly string[];
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly proof: readonly string[] }[];
  readonly consistency: readonly { readonly old: number; readonly size: number; readonly proof: readonly string[] }[];
  readonly facts: {
    readonly facts: readonly { id: string; version: number; op: 'put' | 'delete'; commit: string }[];
    readonly bytes: string;
    readonly root: string;
  };
  readonly reads: { readonly reads: readonly object[]; readonly root: string };
  readonly detail: { readonly salt: string; readonly detail: Record<string, unknown>; readonly commit: string };
  readonly bundle: string;
  readonly checkpoint: { readonly seed: string; readonly vkey: string; readonly note: string };
}

const vectors = readVectors<Vectors>('audit');
const leaves = vectors.events.map(({ leaf }) => Buffer.from(leaf, 'hex'));
const roots = vectors.roots.map((root) => Buffer.from(root, 'hex'));
const source = async (_: number, from: number, to: number) => leaves.slice(from, to);
const hex = (hashes: readonly Buffer[]): readonly string[] => hashes.map((hash) => hash.toString('hex'));

describe('the audit log has the published bytes', () => {
  it('of events in their chain, and of their leaves', () => {
    let prev = Buffer.alloc(32);
    for (const [seq, { event, bytes, leaf }] of vectors.events.entries()) {
      const assembled = assembleEvent(buildEventParts(event), seq, prev);
      expect(assembled.toString('utf8')).toBe(bytes);
      prev = leafHash(assembled) as Buffer<ArrayBuffer>;
      expect(prev.toString('hex')).toBe(leaf);
    }
  });

  it('of the tree at every size', () => {
    expect(hex(vectors.roots.map((_, size) => merkleRoot(leaves.slice(0, size))))).toEqual(vectors.roots);
  });

  it.each(vectors.inclusion)('of the proof of leaf $index in $size', async ({ index, size, proof }) => {
    expect(hex(await inclusionProof(source, index, size))).toEqual(proof);
    const claim = {
      index,
      size,
      leaf: leaves[index] ?? leafHash(Buffer.alloc(0)),
      root: roots[size] ?? leafHash(Buffer.alloc(0)),
    };
    expect(verifyInclusion({ ...claim, proof: proof.map((one) => Buffer.from(one, 'hex')) })).toBe(true);
  });

  it.each(vectors.consistency)('of the proof that $old begins $size', async ({ old, size, proof }) => {
    expect(hex(await consistencyProof(source, old, size))).toEqual(proof);
    const [oldRoot, root] = [roots[old], roots[size]];
    if (!oldRoot || !root) throw new Error('no such size');
    expect(
      verifyConsistency({ oldSize: old, oldRoot, size, root, proof: proof.map((one) => Buffer.from(one, 'hex')) }),
    ).toBe(true);
  });

  it('of facts, reads and details', () => {
    const { facts, bytes, root } = vectors.facts;
    const encoded = encodeFacts(facts.map((fact) => ({ ...fact, commit: Buffer.from(fact.commit, 'hex') })));
    expect(encoded.toString('hex')).toBe(bytes);
    expect(factRoot(encoded).toString('hex')).toBe(root);
    expect(decodeFacts(encoded).map((fact) => ({ ...fact, commit: fact.commit.toString('hex') }))).toEqual(facts);
    const lines = Buffer.from(vectors.reads.reads.map((read) => readLine(read as ReadLeaf)).join(''));
    expect(readRoot(lines).toString('hex')).toBe(vectors.reads.root);
    const { salt, detail, commit } = vectors.detail;
    expect(detailCommit({ salt: Buffer.from(salt, 'hex').toString('base64'), detail }).toString('hex')).toBe(commit);
  });

  it('of an entry bundle and a signed checkpoint', () => {
    const entries = vectors.events.map(({ bytes }) => Buffer.from(bytes));
    expect(encodeEntries(entries).toString('hex')).toBe(vectors.bundle);
    expect(decodeEntries(Buffer.from(vectors.bundle, 'hex'))).toEqual(entries);
    const { seed, vkey, note } = vectors.checkpoint;
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const [origin = ''] = vkey.split('+');
    const signer = { origin, vkey, sign: (message: Uint8Array) => sign(null, message, key) };
    const root = merkleRoot(leaves);
    expect(signCheckpoint(signer, leaves.length, root).toString('utf8')).toBe(note);
    const parsed = parseNote(Buffer.from(note));
    const verifier = parseVerifierKey(vkey);
    if (!parsed || !verifier) throw new Error('no note');
    expect(signersOf(parsed, [verifier])).toHaveLength(1);
    expect(parseCheckpoint(parsed.text)).toEqual({ origin, size: leaves.length, root });
  });
});
