// R10: every way to change a log without its key, and with it. The verifier is the one that memoryctl ships.
import { leafHash, merkleRoot } from '../../dist/app/audit/merkle.js';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../dist/app/audit/proof.js';
import { decodeEntries } from '../../dist/app/audit/tlog.js';
import { verifyBundle } from '../../dist/app/audit/verify.js';
import { buildBundle, buildEntries, memoryBundle, newSigner, policyOf } from './tamper-log.mjs';
import { tamperRows } from './tamper-rows.mjs';

const signer = newSigner('7f3c0000-0000-4000-8000-000000000001');
const other = newSigner('7f3c0000-0000-4000-8000-000000000002');
/** Whoever has taken the place of the log, with a key of their own under the same origin. */
const forger = newSigner('7f3c0000-0000-4000-8000-000000000001');

/** Seeded bugs: each verifier forgets one thing that the real one does. */
const CONTROLS = {
  /** Follows the chain, and never looks at a signed root. */
  chainOnly: (files) => {
    let prev = Buffer.alloc(32);
    for (const entry of entriesOf(files)) {
      let event;
      try {
        event = JSON.parse(entry.toString());
      } catch {
        return 'tampered';
      }
      if (event.prev !== prev.toString('base64')) return 'tampered';
      prev = leafHash(entry);
    }
    return 'valid';
  },
  /** Knows every event, and not their order or number. */
  eachAlone: (known) => (files) =>
    entriesOf(files).every((entry) => known.has(leafHash(entry).toString('hex'))) ? 'valid' : 'tampered',
  /** Takes the key from the bundle instead of the policy. */
  trustsBundle: (policies) => (files) =>
    policies.some((policy) => verifyBundle(memoryBundle(files), policy).verdict === 'valid') ? 'valid' : 'tampered',
};

const entriesOf = (files) =>
  [...files].filter(([name]) => name.startsWith('tile/entries/')).flatMap(([, bytes]) => decodeEntries(bytes) ?? []);

const judge = (policy) => (files) => verifyBundle(memoryBundle(files), policy).verdict;

/** Withstood: the verdict is "tampered". The control has to let at least one through. */
const attack = (name, forgeries, verify, control) => {
  let [tried, passed, missed] = [0, 0, 0];
  for (const files of forgeries) {
    tried++;
    if (verify(files) === 'tampered') passed++;
    if (control && control(files) === 'valid') missed++;
  }
  return row(name, tried, passed, missed);
};

const row = (attack, tried, passed, missed) => ({
  attack,
  tried,
  passed,
  control: missed > 0 ? `caught (${missed} slip through)` : 'not caught',
});

/** The root with one leaf changed, along its path: what the whole tree comes to, without building it anew for each bit. */
const flipEntries = async (count) => {
  const entries = buildEntries(signer.origin, count);
  const leaves = entries.map(leafHash);
  const root = merkleRoot(leaves);
  const source = async (_, from, to) => leaves.slice(from, to);
  let [tried, passed, missed] = [0, 0, 0];
  for (const [index, entry] of entries.entries()) {
    const proof = await inclusionProof(source, index, count);
    const claim = { index, size: count, proof, root };
    if (!verifyInclusion({ ...claim, leaf: leafHash(entry) })) throw new Error(`event ${index} is not in its own tree`);
    const follows = entries[index + 1] && JSON.parse(entries[index + 1].toString()).prev;
    for (let bit = 0; bit < entry.length * 8; bit++) {
      entry[bit >> 3] ^= 1 << (bit & 7);
      tried++;
      const leaf = leafHash(entry);
      if (!verifyInclusion({ ...claim, leaf })) passed++;
      // The control has the chain alone, which says nothing of its last event.
      if (follows === undefined || leaf.toString('base64') === follows) missed++;
      entry[bit >> 3] ^= 1 << (bit & 7);
    }
  }
  return row(`each bit of each of ${count} events`, tried, passed, missed);
};

const flips = function* (files, pattern) {
  for (const [name, bytes] of files) {
    if (!pattern.test(name)) continue;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] ^= 1 << (bit & 7);
      yield new Map(files).set(name, forged);
    }
  }
};

/** The signed checkpoints stay; tiles are made to fit the forged entries, as whoever forges would. */
const forge = (files, entries) => {
  const forged = buildBundle(entries, forger, []);
  for (const [name, bytes] of files) if (name.startsWith('checkpoints/')) forged.set(name, bytes);
  return forged;
};

const pairs = function* (count) {
  for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) yield [i, j];
};

const structural = (count) => {
  const entries = buildEntries(signer.origin, count);
  const files = buildBundle(entries, signer);
  const foreign = buildEntries(other.origin, count);
  const verify = judge(policyOf(signer));
  if (verify(files) !== 'valid') throw new Error('the log that is attacked is not valid to begin with');
  const known = new Set(entries.map((entry) => leafHash(entry).toString('hex')));
  const unordered = CONTROLS.eachAlone(known);
  const all = [...entries.keys()];
  const make = function* (change) {
    for (const at of all) yield forge(files, change(at));
  };
  const lie = (seq, event) => ({ ...event, outcome: 'denied', request: `forged ${seq}` });
  const rewritten = (from) => buildEntries(signer.origin, count, lie, entries.slice(0, from));
  const resigned = function* () {
    for (const at of all) yield buildBundle(rewritten(at), forger);
  };
  const swaps = function* () {
    for (const [i, j] of pairs(count)) {
      const forged = [...entries];
      [forged[i], forged[j]] = [forged[j], forged[i]];
      yield forge(files, forged);
    }
  };
  const bothKeys = CONTROLS.trustsBundle([policyOf(signer), policyOf(forger)]);
  return [
    attack('each bit of each tile', flips(files, /^tile\/0/), verify, CONTROLS.chainOnly),
    attack('each bit of a checkpoint', flips(files, /^checkpoints/), verify, CONTROLS.chainOnly),
    attack(
      'delete one event',
      make((at) => entries.toSpliced(at, 1)),
      verify,
      unordered,
    ),
    attack(
      'insert one event again',
      make((at) => entries.toSpliced(at, 0, entries[(at * 7) % count])),
      verify,
      unordered,
    ),
    attack('swap two events', swaps(), verify, unordered),
    attack(
      'cut the tail',
      make((at) => entries.slice(0, at)),
      verify,
      CONTROLS.chainOnly,
    ),
    attack(
      'replay one event at the end',
      make((at) => [...entries, entries[at]]),
      verify,
      unordered,
    ),
    attack(
      'an event of another tenant',
      make((at) => entries.with(at, foreign[at])),
      verify,
      (f) => (entriesOf(f).every((entry) => JSON.parse(entry).v === 1) ? 'valid' : 'tampered'),
    ),
    attack('rewrite from one event on', make(rewritten), verify, CONTROLS.chainOnly),
    attack('rewrite and sign with another key', resigned(), verify, bothKeys),
  ];
};

/** With the log's own key in the wrong hands only what others have kept can tell. */
const stolenKey = (count) => {
  const entries = buildEntries(signer.origin, count);
  const kept = (size) =>
    buildBundle(entries.slice(0, size), signer).get(`checkpoints/${String(size).padStart(20, '0')}`);
  const lie = (_, event) => ({ ...event, outcome: 'denied' });
  const alone = judge(policyOf(signer));
  const rollbacks = function* () {
    for (let size = 1; size < count; size++) yield buildBundle(entries.slice(0, size), signer);
  };
  const forks = function* () {
    for (let at = 0; at < count; at++) {
      yield buildBundle(buildEntries(signer.origin, count, lie, entries.slice(0, at)), signer);
    }
  };
  const witnessed = judge(policyOf(signer, [kept(count).toString()]));
  return [
    attack('roll back to an earlier state', rollbacks(), witnessed, alone),
    attack('fork from one event on', forks(), witnessed, alone),
  ];
};

/** Seeded bug: is content as soon as some part of the path comes to the root, so that hashes may follow it. */
const weakInclusion = (claim) =>
  claim.proof.some((_, end) => verifyInclusion({ ...claim, proof: claim.proof.slice(0, end) })) ||
  verifyInclusion(claim);

/** Seeded bug: compares the new root, and takes the old one for granted. */
const weakConsistency = (claim, oldRoot) => verifyConsistency({ ...claim, oldRoot });

const inclusionLies = (claim, { leaves, roots }) => [
  { ...claim, leaf: leaves[(claim.index + 1) % leaves.length] },
  { ...claim, index: claim.index ^ 1 },
  { ...claim, proof: [...claim.proof, roots[1]] },
  ...(claim.proof.length > 0 ? [{ ...claim, proof: claim.proof.slice(1) }] : []),
  { ...claim, root: roots[claim.size - 1] },
];

const consistencyLies = (claim, { roots }) => [
  { ...claim, oldRoot: roots[claim.oldSize - 1] },
  { ...claim, proof: [...claim.proof, roots[1]] },
  ...(claim.proof.length > 0
    ? [
        { ...claim, proof: claim.proof.slice(1) },
        { ...claim, root: roots[claim.size - 1] },
      ]
    : []),
];

/** A pair passes when its proof holds and none of its lies does. */
const proofs = async (most) => {
  const leaves = Array.from({ length: most }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
  const roots = Array.from({ length: most + 1 }, (_, n) => merkleRoot(leaves.slice(0, n)));
  const tree = { leaves, roots };
  const source = async (_, from, to) => leaves.slice(from, to);
  const inclusion = [0, 0, 0];
  const consistency = [0, 0, 0];
  const count = (row, ok, slipped) => {
    row[0]++;
    if (ok) row[1]++;
    if (slipped) row[2]++;
  };
  for (let size = 1; size <= most; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(source, index, size);
      const claim = { index, size, leaf: leaves[index], proof, root: roots[size] };
      const lies = inclusionLies(claim, tree);
      count(inclusion, verifyInclusion(claim) && !lies.some(verifyInclusion), lies.some(weakInclusion));

      const oldSize = index + 1;
      const path = await consistencyProof(source, oldSize, size);
      const step = { oldSize, oldRoot: roots[oldSize], size, root: roots[size], proof: path };
      const wrong = consistencyLies(step, tree);
      const slipped = wrong.some((lie) => weakConsistency(lie, roots[oldSize]));
      count(consistency, verifyConsistency(step) && !wrong.some(verifyConsistency), slipped);
    }
  }
  return [
    row(`inclusion proofs, each leaf of each tree up to ${most}`, ...inclusion),
    row(`consistency proofs, each pair of trees up to ${most}`, ...consistency),
  ];
};

export const campaignTamper = async () => [
  await flipEntries(200),
  ...structural(40),
  ...stolenKey(64),
  ...(await proofs(256)),
  ...(await tamperRows()),
];
