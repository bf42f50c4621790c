import { CONTROLS } from './controls.js';
import type { Proofs, Proven } from './index.js';
import type { Rule } from './rule.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS = { pass: 'none', fail: 'error', warn: 'warning' } as const;
/** SARIF has no kind for what is true today and not yet the promise. */
const KINDS = { pass: 'pass', fail: 'fail', warn: 'fail' } as const;

/** SARIF 2.1.0, passes included: an auditor asks for what was looked at, not only for what was wrong. */
export function buildSarif(proofs: Proofs, rules: readonly Rule[], version: string): object {
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'memplane proofs', semanticVersion: version, rules: rules.map(descriptorOf) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { OUT: { description: { text: 'the folder that synth writes' } } },
        invocations: [{ executionSuccessful: true, exitCode: proofs.failures.length === 0 ? 0 : 1 }],
        results: proofs.all.map((one) => resultOf(one, index.get(one.rule.id) ?? -1)),
      },
    ],
  };
}

function descriptorOf({ id, title, topic, scanners, remedy }: Rule): object {
  return {
    id,
    shortDescription: { text: title },
    help: { text: remedy },
    defaultConfiguration: { level: 'error' },
    properties: { tags: [topic, ...CONTROLS[topic]], ...(scanners.length > 0 ? { scanners } : {}) },
  };
}

function resultOf({ environment, rule, evidence, waived }: Proven, ruleIndex: number): object {
  const { verdict, stack, address, attribute, value, wanted } = evidence;
  const suppressed =
    waived === undefined
      ? {}
      : {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: `${waived.reason} (${waived.owner}, until ${waived.expires})`,
            },
          ],
        };
  return {
    ruleId: rule.id,
    ruleIndex,
    kind: KINDS[verdict],
    level: LEVELS[verdict],
    message: {
      text: verdict === 'pass' ? `${attribute} is ${value}` : `${attribute} is ${value}, and must be ${wanted}`,
    },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: `stacks/${stack}/cdk.tf.json`, uriBaseId: 'OUT' } },
        logicalLocations: [{ fullyQualifiedName: `${stack}/${address}`, kind: 'resource' }],
      },
    ],
    partialFingerprints: { 'evidence/v1': `${environment}/${stack}/${rule.id}/${address}/${attribute}` },
    properties: { environment, attribute, value, wanted },
    ...suppressed,
  };
}
