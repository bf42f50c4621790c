import { createHash } from 'node:crypto';
import type { BundleFiles } from '../audit/bundle-files.js';
import { parseCheckpoint } from '../audit/checkpoint.js';
import { parseEvent } from '../audit/event.js';
import { parseNote, signersOf } from '../audit/note.js';
import { decodeEntries, parseTilePath, TILE_WIDTH } from '../audit/tlog.js';
import { verifyBundle } from '../audit/verify.js';
import type { VerifyPolicy } from '../audit/verify-policy.js';
import { PAYLOAD_TYPE, requestCommit } from './certificate.js';
import { checkSignatures, type Envelope, payloadOf } from './dsse.js';

/** What a reader of a certificate looks at first; the rest is in its payload. */
export interface Certificate {
  readonly id: string;
  readonly stage: string;
  readonly tenantId: string;
  readonly executedAt: string;
  readonly finalAt: string | null;
  readonly scope: { readonly requestCommit: string };
  readonly signer?: { readonly kind: string; readonly name: string };
  readonly audit: { readonly origin: string; readonly checkpoint: string | null };
  readonly notClaimed: readonly string[];
}

export interface CertificateReport {
  readonly verdict: 'valid' | 'tampered' | 'unusable';
  readonly findings: readonly string[];
  /** Names of the keys of the policy that signed it. */
  readonly signers: readonly string[];
  readonly certificate: Certificate | null;
  /** The event of the bundle that holds its hash; `null` without a bundle. */
  readonly loggedAs: number | null;
  /** Whether it is about the person that was named; `null` when nobody was. */
  readonly isAbout: boolean | null;
}

export interface CertificateQuestion {
  readonly text: string;
  readonly policy: VerifyPolicy;
  readonly bundle?: BundleFiles | undefined;
  readonly person?: { readonly id: string; readonly salt: string } | undefined;
}

/** Offline, by nothing but what the policy trusts: the bytes are signed, of the log of the policy, and in it. */
export const verifyCertificate = ({ text, policy, bundle, person }: CertificateQuestion): CertificateReport => {
  const envelope = parseEnvelope(text);
  const certificate = envelope && parsePayload(envelope);
  if (!envelope || !certificate) return { ...NOTHING, findings: [`the file is no envelope of ${PAYLOAD_TYPE}`] };
  const { signers, findings } = verifySigners(envelope, policy);
  const sha256 = createHash('sha256').update(payloadOf(envelope)).digest('hex');
  const logged = bundle && findInBundle(bundle, policy, sha256);
  const isAbout = person ? isOf(certificate, person) : null;
  const all = [
    ...findings,
    ...refuteLog(certificate, policy),
    ...(logged?.findings ?? []),
    ...(isAbout === false ? ['the certificate is about somebody else, or the salt is another one'] : []),
  ];
  const verdict = all.length > 0 ? 'tampered' : 'valid';
  return { verdict, findings: all, signers, certificate, loggedAs: logged?.seq ?? null, isAbout };
};

const NOTHING = { verdict: 'unusable', signers: [], certificate: null, loggedAs: null, isAbout: null } as const;

const parseEnvelope = (text: string): Envelope | undefined => {
  try {
    const value = JSON.parse(text) as Envelope;
    const shaped =
      value.payloadType === PAYLOAD_TYPE &&
      payloadOf(value).toString('base64') === value.payload &&
      value.signatures.every(({ keyid, sig }) => typeof keyid === 'string' && typeof sig === 'string');
    return shaped ? value : undefined;
  } catch {
    return undefined;
  }
};

const parsePayload = (envelope: Envelope): Certificate | undefined => {
  try {
    const value = JSON.parse(payloadOf(envelope).toString('utf8')) as Certificate;
    const whole = typeof value.audit.origin === 'string' && typeof value.scope.requestCommit === 'string';
    return whole ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The plane's signature when the policy names its key, else the log's. */
const verifySigners = (envelope: Envelope, { keys, plane }: VerifyPolicy) => {
  const { good, bad } = checkSignatures(envelope, [...keys, ...plane]);
  const demanded = plane.length > 0 ? plane : keys;
  const isSigned = good.some((one) => demanded.includes(one));
  const what = plane.length > 0 ? 'a key of the plane' : 'the log’s key';
  return {
    signers: good.map(({ name }) => name),
    findings: [
      ...bad.map(({ name }) => `the signature of ${name} does not hold`),
      ...(isSigned || bad.length > 0 ? [] : [`it is not signed by ${what}, as the policy demands`]),
    ],
  };
};

const refuteLog = ({ audit }: Certificate, policy: VerifyPolicy): readonly string[] => {
  if (audit.origin !== policy.origin) return [`it is of the log ${audit.origin}`];
  if (audit.checkpoint === null) return [];
  const note = parseNote(Buffer.from(audit.checkpoint));
  const isOfLog = note && parseCheckpoint(note.text)?.origin === policy.origin;
  return isOfLog && signersOf(note, policy.keys).length > 0 ? [] : ['its checkpoint is not one of the policy’s log'];
};

const findInBundle = (bundle: BundleFiles, policy: VerifyPolicy, sha256: string) => {
  const report = verifyBundle(bundle, policy);
  if (report.verdict !== 'valid') {
    return { seq: null, findings: [`the bundle is ${report.verdict}: ${report.findings[0]?.what ?? ''}`] };
  }
  for (const path of bundle.list('tile/entries')) {
    const name = parseTilePath(path);
    for (const [at, entry] of (decodeEntries(bundle.read(path) ?? Buffer.alloc(0)) ?? []).entries()) {
      const { type, resource } = parseEvent(entry);
      if (type !== 'erasure.completed' || resource?.id !== sha256) continue;
      return { seq: (name?.n ?? 0) * TILE_WIDTH + at, findings: [] };
    }
  }
  return {
    seq: null,
    findings: ['the log of the bundle does not hold it: it was exported before, or it is none of ours'],
  };
};

const isOf = ({ scope }: Certificate, { id, salt }: { readonly id: string; readonly salt: string }): boolean =>
  requestCommit(Buffer.from(salt, 'base64'), id).toString('base64') === scope.requestCommit;
