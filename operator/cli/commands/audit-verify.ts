import { isFolder, openFolder } from '../../../app/audit/bundle-files.js';
import { type Report, verifyBundle } from '../../../app/audit/verify.js';
import { parsePolicy, type VerifyPolicy } from '../../../app/audit/verify-policy.js';
import { readKey, requestAgainstData } from '../audit-service.js';
import type { Command, Input, Terminal } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { renderTable } from '../table.js';
import { readEndpointFlag } from '../tenants/service.js';

export const auditVerify: Command = {
  about:
    'Hashes every event of the bundle, follows the chain, and compares the tree with every checkpoint that a key of the ' +
    'policy signed. Needs no network. Origin, keys and quorum are taken from the policy, never from the bundle. ' +
    'With --against-data a running service also compares its rows with the log.',
  parameters: [{ name: 'BUNDLE', summary: 'the folder that audit export wrote, or a copy of the locked bucket' }],
  flags: [
    { name: 'policy', value: 'FILE', summary: 'what you trust: origin, keys, witnesses, anchors' },
    { name: 'max-lag', value: 'N|DURATION', summary: 'events, or 90s, 10m, 24h, that may not be anchored yet (0)' },
    { name: 'against-data', summary: 'also ask the service at --endpoint whether its rows are what the log says' },
    { name: 'endpoint', value: 'URL', summary: 'of the tenant, for --against-data' },
    { name: 'key-file', value: 'FILE', summary: 'holds a key that may read the log; - for standard input' },
  ],
  exits: [
    [EXIT.ok, 'every event is anchored, or has what the policy requires'],
    [EXIT.no, 'tampered: something contradicts what was hashed or signed; each finding is printed'],
    [EXIT.behind, 'valid, but the newest events lack it, for longer than --max-lag'],
    [EXIT.unusable, 'no policy, no bundle, or a bundle without any checkpoint: nothing was decided'],
  ],
  examples: [
    'memoryctl audit verify ./acme-audit --policy acme.policy.json',
    'memoryctl audit verify ./acme-audit --policy acme.policy.json --max-lag 5m --json',
  ],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const [folder = ''] = input.parameters;
  const lag = parseLag(input.value('max-lag') ?? '0');
  const policy = await readPolicy(input.value('policy'), terminal);
  if (!isFolder(folder)) throw unusableError(`${folder} is no folder`, ['give the folder that audit export wrote']);
  const report = verifyBundle(openFolder(folder), policy);
  const data = input.isSet('against-data') ? await askService(input, terminal) : undefined;
  const exit = data?.ok === false ? EXIT.no : exitOf(report, lag, Date.now());
  if (terminal.json) terminal.out(`${JSON.stringify({ ...report, data: data ?? null, exitCode: exit }, null, 2)}\n`);
  else terminal.out(render(report, exit) + (data?.text ?? ''));
  return exit;
}

export async function readPolicy(path: string | undefined, terminal: Terminal): Promise<VerifyPolicy> {
  if (path === undefined) {
    throw unusableError('no policy was given', ['--policy FILE says whose log it is and which keys you trust']);
  }
  const policy = parsePolicy(await readText(path, terminal));
  if ('origin' in policy) return policy;
  throw unusableError(`${path} is no policy`, policy);
}

type Lag = { readonly events: number } | { readonly ms: number };

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseLag(text: string): Lag {
  const [, digits, unit] = /^(0|[1-9][0-9]{0,8})([smhd]?)$/.exec(text) ?? [];
  if (digits === undefined) throw usageError(`--max-lag ${text} is no number of events and no duration`, 'such as 90s');
  const ms = UNITS[unit ?? ''];
  return ms === undefined ? { events: Number(digits) } : { ms: Number(digits) * ms };
}

function exitOf({ verdict, tail }: Report, lag: Lag, now: number): ExitCode {
  if (verdict === 'tampered') return EXIT.no;
  if (verdict === 'unusable') return EXIT.unusable;
  if (tail.events === 0) return EXIT.ok;
  const within = 'events' in lag ? tail.events <= lag.events : now - Date.parse(tail.since ?? '') <= lag.ms;
  return within ? EXIT.ok : EXIT.behind;
}

const VERDICTS: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'valid',
  [EXIT.no]: 'TAMPERED',
  [EXIT.behind]: 'valid, but the newest events are not covered yet',
  [EXIT.unusable]: 'unusable',
};

function render({ origin, size, findings, ranges, gaps, tail }: Report, exit: ExitCode): string {
  const rows = ranges.map(({ level, from, to }) => [level, String(from), String(to), String(to - from + 1)]);
  return [
    `${origin}: ${size} events, ${VERDICTS[exit] ?? ''}\n`,
    ranges.length === 0 ? '' : renderTable(['RANGE', 'FROM', 'TO', 'EVENTS'], rows),
    ...findings.map(({ what }) => `found: ${what}\n`),
    ...gaps.map(({ writer, epoch, from, to }) => `gap: reads ${from} to ${to} of ${writer} in its life ${epoch}\n`),
    tail.events === 0 ? '' : `not covered as the policy requires: the newest ${tail.events}, since ${tail.since}\n`,
  ].join('');
}

async function askService(input: Input, terminal: Terminal) {
  const endpoint = readEndpointFlag(input)?.href;
  if (endpoint === undefined) throw usageError('--against-data needs --endpoint', 'the URL of the tenant');
  return await requestAgainstData(endpoint, await readKey(input, terminal));
}
