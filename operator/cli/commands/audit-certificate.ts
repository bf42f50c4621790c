import { isFolder, openFolder } from '../../../app/audit/bundle-files.js';
import { NOT_CLAIMED } from '../../../app/erasure/certificate.js';
import { type CertificateReport, verifyCertificate } from '../../../app/erasure/verify-certificate.js';
import type { Command, Input, Terminal } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { readPolicy } from './audit-verify.js';

export const auditCertificate: Command = {
  about:
    'Checks the signature of an erasure certificate by the keys of the policy, and with --bundle that the audit log holds its ' +
    'hash. Needs no network. A policy with keys of the plane demands one of theirs; without, the log’s key is enough.',
  parameters: [{ name: 'FILE', summary: 'what GET /api/v1/erasures/{id}/certificate answered; - for standard input' }],
  flags: [
    { name: 'policy', value: 'FILE', summary: 'what you trust: origin, keys, plane' },
    { name: 'bundle', value: 'FOLDER', summary: 'an export of the audit log, made after the erasure' },
    { name: 'user-id', value: 'ID', summary: 'the person that it should be about; needs --salt' },
    { name: 'salt', value: 'BASE64', summary: 'request_salt of the first answer to the request' },
  ],
  exits: [
    [EXIT.ok, 'the certificate is what was signed, and everything that was asked about it holds'],
    [EXIT.no, 'it does not hold: each finding is printed'],
    [EXIT.unusable, 'no policy, or no certificate: nothing was decided'],
  ],
  examples: [
    'memoryctl audit certificate erased.json --policy acme.policy.json --bundle ./acme-audit',
    'memoryctl audit certificate erased.json --policy acme.policy.json --user-id ada --salt "$SALT"',
  ],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const [file = ''] = input.parameters;
  const policy = await readPolicy(input.value('policy'), terminal);
  const folder = input.value('bundle');
  if (folder !== undefined && !isFolder(folder)) {
    throw unusableError(`${folder} is no folder`, ['give the folder that audit export wrote']);
  }
  const report = verifyCertificate({
    ...{ text: await readText(file, terminal), policy, person: readPerson(input) },
    bundle: folder === undefined ? undefined : openFolder(folder),
  });
  const exit = { valid: EXIT.ok, tampered: EXIT.no, unusable: EXIT.unusable }[report.verdict];
  if (terminal.json) terminal.out(`${JSON.stringify({ ...report, exitCode: exit }, null, 2)}\n`);
  else terminal.out(render(report));
  return exit;
}

const readPerson = (input: Input): { readonly id: string; readonly salt: string } | undefined => {
  const [id, salt] = [input.value('user-id'), input.value('salt')];
  if (id === undefined && salt === undefined) return undefined;
  if (id === undefined || salt === undefined) {
    throw usageError('--user-id and --salt go together', 'the salt is request_salt of the first answer');
  }
  return { id, salt };
};

const render = ({ certificate, findings, signers, loggedAs, isAbout, verdict }: CertificateReport): string => {
  const lines = certificate
    ? [
        `erasure ${certificate.id}, ${certificate.stage}: ${verdict === 'valid' ? 'valid' : 'DOES NOT HOLD'}`,
        `executed ${certificate.executedAt}, final ${certificate.finalAt ?? 'not known'}`,
        ...(signers.length > 0 ? [`signed by ${signers.join(' and ')}`] : []),
        ...(loggedAs === null ? [] : [`in the audit log as event ${loggedAs}`]),
        ...(isAbout === true ? ['about the person that was named'] : []),
      ]
    : [];
  const claims = verdict === 'valid' ? (certificate?.notClaimed ?? []) : [];
  return [
    ...lines,
    ...findings.map((what) => `found: ${what}`),
    ...claims.map((code) => `not claimed, ${code}: ${WORDS[code] ?? ''}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
};

const WORDS: Readonly<Record<string, string>> = NOT_CLAIMED;
