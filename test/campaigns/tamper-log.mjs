// A log of one tenant, signed by a key of its own, as a bundle in memory. Built with the service's own parts.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { memoryBundle } from '../../dist/app/audit/bundle-files.js';
import { signCheckpoint } from '../../dist/app/audit/checkpoint.js';
import { assembleEvent, buildEventParts } from '../../dist/app/audit/event.js';
import { leafHash, merkleRoot } from '../../dist/app/audit/merkle.js';
import { keyIdOf } from '../../dist/app/audit/note.js';
import { encodeEntries, tilePath, tilesOf } from '../../dist/app/audit/tlog.js';
import { parsePolicy } from '../../dist/app/audit/verify-policy.js';

const uuid = (text) =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

export const newSigner = (tenant) => {
  const origin = `memplane.dev/${tenant}/audit/1`;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const typed = Buffer.concat([Buffer.from([1]), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)]);
  const vkey = `${origin}+${keyIdOf(origin, typed).toString('hex')}+${typed.toString('base64')}`;
  return { origin, vkey, sign: (message) => sign(null, message, privateKey) };
};

/** `change` alters what event i says, as whoever rewrites a log would. */
export const buildEntries = (origin, count, change = (_, event) => event, from = []) => {
  const entries = [...from];
  let prev = entries.length === 0 ? Buffer.alloc(32) : leafHash(entries.at(-1));
  for (let seq = entries.length; seq < count; seq++) {
    const event = {
      log: origin,
      id: uuid(`${origin}/${seq}`),
      time: new Date(1_700_000_000_000 + seq * 1_000).toISOString().replace('Z', '000Z'),
      type: 'memory.write',
      actor: { kind: 'key', ref: uuid(`key ${seq % 5}`), role: 'user' },
      subject: createHash('sha256')
        .update(`person ${seq % 7}`)
        .digest('base64url')
        .slice(0, 22),
      scope: 'user',
      resource: { kind: 'memory', id: uuid(`memory ${seq}`), version: 1 },
      batch: { count: 1, root: createHash('sha256').update(`batch ${seq}`).digest('base64') },
      outcome: 'ok',
      code: 'created',
      request: `r${seq}`,
      detail: null,
    };
    const bytes = assembleEvent(buildEventParts(change(seq, event)), seq, prev);
    prev = leafHash(bytes);
    entries.push(bytes);
  }
  return entries;
};

/** Tiles, entries and a checkpoint at each of `sizes`, which `signer` signs. */
export const buildBundle = (entries, signer, sizes = [entries.length]) => {
  const leaves = entries.map(leafHash);
  const files = new Map();
  for (const tile of tilesOf(entries.length)) {
    const [from, to] = [tile.n * 256, tile.n * 256 + tile.width];
    if (tile.kind === 'entries') files.set(tilePath(tile), encodeEntries(entries.slice(from, to)));
    if (tile.kind === 0) files.set(tilePath(tile), Buffer.concat(leaves.slice(from, to)));
  }
  for (const size of sizes) {
    const note = signCheckpoint(signer, size, merkleRoot(leaves.slice(0, size)));
    files.set(`checkpoints/${String(size).padStart(20, '0')}`, note);
  }
  return files;
};

export const policyOf = (signer, checkpoints = []) => {
  const policy = parsePolicy(
    JSON.stringify({ v: 1, origin: signer.origin, keys: [signer.vkey], require: 'signed', checkpoints }),
  );
  if (!('origin' in policy)) throw new Error(policy.join('; '));
  return policy;
};

export { memoryBundle };
