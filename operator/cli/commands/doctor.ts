import { KubeError } from '../../clients/kube.js';
import { KUBECONFIG, withCluster } from '../cluster.js';
import type { Command } from '../command.js';
import { type Finding, failure } from '../doctor/check.js';
import { CHECKS } from '../doctor/checks.js';
import { EXIT } from '../exit-codes.js';
import { renderTable } from '../table.js';

export const doctor: Command = {
  about:
    'Looks at the cluster, the resource definitions, the operator, the planes with their Secrets, classes and tenants. It only reads.',
  parameters: [],
  flags: [KUBECONFIG],
  exits: [
    [EXIT.ok, 'nothing is wrong (there may be warnings)'],
    [EXIT.no, 'something is wrong; each finding says what to do'],
  ],
  examples: ['memoryctl doctor', 'memoryctl doctor --json'],
  run: (input, terminal) =>
    withCluster(input, terminal, async (kube) => {
      const findings: Finding[] = [];
      for (const check of CHECKS) {
        terminal.signal.throwIfAborted();
        try {
          findings.push(...(await check(kube)));
        } catch (error) {
          // The server itself must answer; what it refuses to say is a finding.
          if (!(error instanceof KubeError) || ![403, 404].includes(error.status)) throw error;
          findings.push(
            failure('rights', error.message, 'use an account that may read it, or install what is missing'),
          );
        }
      }
      terminal.out(terminal.json ? `${JSON.stringify({ findings }, null, 2)}\n` : asTable(findings));
      return findings.some(({ health }) => health === 'failure') ? EXIT.no : EXIT.ok;
    }),
};

const asTable = (findings: readonly Finding[]): string =>
  renderTable(
    ['CHECK', 'HEALTH', 'DETAIL', 'REMEDY'],
    findings.map(({ check, health, detail, remedy }) => [check, health, detail, remedy ?? '']),
  );
