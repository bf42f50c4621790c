import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusableError } from '../errors.js';
import type { EvidenceFact, EvidenceHeader } from './fact.js';

interface SarifRule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly properties: { readonly tags: readonly string[]; readonly scanners?: readonly string[] };
}

interface SarifResult {
  readonly ruleId: string;
  readonly level: string;
  readonly locations: readonly [{ readonly logicalLocations: readonly [{ readonly fullyQualifiedName: string }] }];
  readonly properties: {
    readonly environment: string;
    readonly attribute: string;
    readonly value: string;
    readonly wanted: string;
  };
  readonly suppressions?: readonly { readonly justification: string }[];
}

interface SarifLog {
  readonly runs: readonly [
    { readonly tool: { readonly driver: { readonly rules: readonly SarifRule[] } }; readonly results: SarifResult[] },
  ];
}

export interface Synthesised {
  readonly facts: readonly EvidenceFact[];
  readonly stacks: EvidenceHeader['stacks'];
}

const SYNTH = 'run "npm run synth" first, or name its folder with --out';

/** What synth proved of one environment, and of which bytes. */
export async function readSynthesised(out: string, environment: string): Promise<Synthesised> {
  const log = await readLog(join(out, 'proofs.sarif'));
  const [{ tool, results }] = log.runs;
  const known = [...new Set(results.map(({ properties }) => properties.environment))].sort();
  if (!known.includes(environment)) {
    throw unusableError(`${out} has no environment ${environment}`, [`there are ${known.join(', ')}`]);
  }
  const rules = new Map(tool.driver.rules.map((rule) => [rule.id, rule]));
  const facts = results
    .filter(({ properties }) => properties.environment === environment)
    .map((result) => factOf(result, rules.get(result.ruleId)));
  const names = (await readdir(join(out, 'stacks'))).filter((name) => name.startsWith(`${environment}-`)).sort();
  return { facts, stacks: await Promise.all(names.map((name) => hashStack(out, name))) };
}

async function readLog(path: string): Promise<SarifLog> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as SarifLog;
  } catch (cause) {
    throw unusableError(`${path} cannot be read`, [SYNTH], cause);
  }
}

/** A failed synth leaves no stack: there is nothing then to sign for. */
async function hashStack(out: string, name: string) {
  const path = join(out, 'stacks', name, 'cdk.tf.json');
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unusableError(`${path} does not exist: the last synth failed`, [SYNTH], cause);
  });
  return { name, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const CHECKOV = /^CKV/;
/** A rule is one promise on three clouds; scanners name it once for each. */
const SCANNED: Readonly<Record<string, RegExp>> = { aws: /AWS/, gcp: /GCP/, azure: /AZU/ };

function factOf(result: SarifResult, rule: SarifRule | undefined): EvidenceFact {
  const { ruleId, level, locations, properties, suppressions } = result;
  const [stack = '', address = ''] = locations[0].logicalLocations[0].fullyQualifiedName.split(/\/(.*)/s);
  const mine = SCANNED[properties.environment.split('-')[0] ?? ''];
  const scanners = (rule?.properties.scanners ?? []).filter((id) => mine === undefined || mine.test(id));
  const [suppression] = suppressions ?? [];
  return {
    rule: ruleId,
    title: rule?.shortDescription.text ?? ruleId,
    // The first tag is the topic, which is ours and no framework's.
    controls: (rule?.properties.tags ?? []).filter((tag) => tag.includes(':')),
    checkov: scanners.filter((id) => CHECKOV.test(id)),
    trivy: scanners.filter((id) => !CHECKOV.test(id)),
    stack,
    address,
    attribute: properties.attribute,
    value: properties.value,
    wanted: properties.wanted,
    verdict:
      level === 'none' ? 'pass' : suppression !== undefined ? 'waived' : level === 'warning' ? 'not yet' : 'fail',
    ...(suppression === undefined ? {} : { waiver: suppression.justification }),
  };
}
