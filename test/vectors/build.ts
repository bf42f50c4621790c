import * as log from './audit-independent.js';
import * as auditInputs from './audit-inputs.js';
import * as own from './independent.js';
import * as inputs from './inputs.js';

/** The content of every vector file, made by the independent implementation. */
export async function buildVectors(): Promise<Readonly<Record<string, unknown>>> {
  return {
    jcs: inputs.JCS_TEXTS.map((input) => ({ input, canonical: own.canonical(JSON.parse(input)) })),
    sealed: await sealed(),
    block: await Promise.all(
      inputs.BLOCKS.map(async (block) => ({ ...block, sealed: own.toHex(await own.keyBlock(block)) })),
    ),
    keyring: await keyring(),
    kms: { ...inputs.WRAPPED, wrapped: await own.fileKmsWrap(inputs.WRAPPED) },
    tokens: await tokens(),
    pseudonym: await Promise.all(
      [inputs.TENANT, inputs.OTHER_TENANT].map(async (tenantId) => ({
        slotKey: inputs.SLOT_KEY,
        tenantId,
        pseudonym: await own.pseudonym(inputs.SLOT_KEY, tenantId),
      })),
    ),
    rowmac: await Promise.all(
      inputs.ROWS.map(async (one) => ({
        slotKey: inputs.AUTH_KEY,
        ...one,
        mac: await own.rowMac(inputs.AUTH_KEY, one.table, one.row),
      })),
    ),
    hashes: await hashes(),
    audit: await audit(),
  };
}

async function audit(): Promise<unknown> {
  const { DETAIL, EVENTS, FACTS, LOG_SEED, ORIGIN, READS } = auditInputs;
  const entries = await log.chain(EVENTS);
  const leaves = await Promise.all(entries.map((entry) => log.leaf(new TextEncoder().encode(entry))));
  const root = await log.treeHash(leaves);
  const sizes = [0, ...leaves.keys()].map((_, size) => size);
  const pairs = sizes.slice(1).flatMap((size) => sizes.slice(1, size + 1).map((old) => ({ old, size })));
  return {
    events: EVENTS.map((event, seq) => ({ event, seq, bytes: entries[seq], leaf: own.toHex(leaves[seq] ?? root) })),
    roots: await Promise.all(sizes.map(async (size) => own.toHex(await log.treeHash(leaves.slice(0, size))))),
    inclusion: await Promise.all(
      pairs.map(async ({ old, size }) => ({
        ...{ index: old - 1, size },
        proof: (await log.path(old - 1, leaves.slice(0, size))).map(own.toHex),
      })),
    ),
    consistency: await Promise.all(
      pairs.map(async ({ old, size }) => ({
        ...{ old, size },
        proof: (await log.subproof(old, leaves.slice(0, size), true)).map(own.toHex),
      })),
    ),
    facts: {
      facts: FACTS,
      bytes: own.toHex(own.join(...FACTS.map(log.factRecord))),
      root: own.toHex(await log.treeHash(await Promise.all(FACTS.map(log.factLeaf)))),
    },
    reads: { reads: READS, root: own.toHex(await log.treeHash(await Promise.all(READS.map(log.readLeaf)))) },
    detail: { ...DETAIL, commit: own.toHex(await log.detailCommit(DETAIL.salt, DETAIL.detail)) },
    bundle: own.toHex(log.entryBundle(entries)),
    checkpoint: await log.checkpoint(LOG_SEED, ORIGIN, entries.length, root),
  };
}

async function sealed(): Promise<unknown> {
  const row = {
    ...inputs.SEALED_ROW,
    plaintext: Buffer.from(own.canonical(inputs.ENVELOPE), 'utf8').toString('hex'),
    envelope: inputs.ENVELOPE,
    commit: await own.rowCommit(inputs.ENVELOPE),
  };
  return Promise.all(
    [row, ...inputs.SEALED].map(async (one) => ({ ...one, sealed: own.toHex(await own.sealedValue(one)) })),
  );
}

async function keyring(): Promise<unknown> {
  const kcv = await own.checkValue(inputs.KEK);
  const born = { ...inputs.KEYRING, keks: inputs.KEYRING.keks.map((kek) => ({ ...kek, kcv })) };
  return { kek: inputs.KEK, kcv, keyring: { ...born, mac: await own.keyringMac(inputs.KEK, born) } };
}

async function tokens(): Promise<unknown> {
  const terms = await Promise.all(
    inputs.TERMS.map(async (term) => ({ term, token: await own.termToken(inputs.SLOT_KEY, term) })),
  );
  return { slotKey: inputs.SLOT_KEY, terms, texts: inputs.TEXTS };
}

async function hashes(): Promise<unknown> {
  return {
    slotKey: inputs.AUTH_KEY,
    cursorKey: await own.cursorKey(inputs.AUTH_KEY),
    apiKeys: await Promise.all(
      inputs.API_KEYS.map(async (apiKey) => ({ apiKey, hash: await own.apiKeyHash(inputs.AUTH_KEY, apiKey) })),
    ),
    contents: await Promise.all(
      inputs.CONTENTS.map(async (one) => ({
        ...one,
        hash: await own.contentHash(inputs.AUTH_KEY, one.use, one.content),
      })),
    ),
  };
}
