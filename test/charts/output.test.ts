import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeChartFiles } from '../../charts/output.js';
import { buildCrds } from '../../operator/api/v1alpha1/crd.js';
import { chartFiles, objectsOf } from '../support/chart-cluster.js';
import { expectGolden } from '../support/golden.js';
import { identityOf, literalSecrets } from '../support/manifests.js';

const files = chartFiles();
const file = (name: string) => {
  const found = files.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

describe('what npm run charts writes', () => {
  it('is five files, in the order in which they are applied', () => {
    expect(files.map(({ name }) => name)).toEqual([
      'crds.yaml',
      'admission.yaml',
      'operator.yaml',
      'samples.yaml',
      'example-tenant.yaml',
    ]);
  });

  it('is the same each time', () => {
    expect(chartFiles()).toEqual(files);
  });

  it('defines every kind of ours', () => {
    expect(objectsOf(file('crds.yaml')).map(identityOf).sort()).toEqual(buildCrds().map(identityOf).sort());
  });

  it('brings the operator, and what only a real cluster has a use for', () => {
    expect(objectsOf(file('operator.yaml')).map(identityOf)).toEqual([
      'Namespace memplane-system',
      'ServiceAccount operator',
      'ClusterRole memplane-operator',
      'ClusterRoleBinding memplane-operator',
      'Role memplane-operator',
      'RoleBinding memplane-operator',
      'Deployment memplane-operator',
      'Service memplane-operator',
      'NetworkPolicy memplane-operator',
      'PodDisruptionBudget memplane-operator',
    ]);
  });

  it('brings five guards, each with the binding that makes it act', () => {
    expect(objectsOf(file('admission.yaml')).map(identityOf)).toEqual(
      ['prevent-deletion', 'erase-right', 'namespace-guard', 'operator-boundary', 'encrypted-volumes'].flatMap(
        (name) => [`ValidatingAdmissionPolicy memplane-${name}`, `ValidatingAdmissionPolicyBinding memplane-${name}`],
      ),
    );
  });

  it.each(['admission.yaml', 'operator.yaml', 'example-tenant.yaml'])('%s is what was reviewed', (name) => {
    expectGolden(`charts/${name}`, file(name).text);
  });

  it('holds no secret in clear', () => {
    expect(literalSecrets(files.flatMap(objectsOf))).toEqual([]);
  });

  it('lands in a folder, each file with what it is for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'memplane-charts-'));
    try {
      writeChartFiles(folder, files);
      expect(readdirSync(folder).sort()).toEqual(files.map(({ name }) => name).sort());
      expect(readFileSync(join(folder, 'admission.yaml'), 'utf8')).toMatch(/^# Admission policies\. Before/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
