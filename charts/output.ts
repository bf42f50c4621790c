import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Chart, Yaml } from 'cdk8s';
import { AdmissionChart } from './admission-chart.js';
import { EXAMPLE_TENANT } from './example-tenant.js';
import type { PlatformOptions } from './manifests/platform/options.js';
import { OperatorChart } from './operator-chart.js';
import { TenantChart } from './tenant-chart.js';

export interface ChartFile {
  readonly name: string;
  /** What it is and when to apply it; the comment at its top. */
  readonly about: string;
  readonly text: string;
}

/** All files, in the order in which they are applied. `source` holds `crds/` and `samples/`. */
export function buildChartFiles(source: string, options: PlatformOptions): readonly ChartFile[] {
  const app = new App();
  return [
    fromFolder(source, 'crds', 'Resource definitions. First.'),
    fromChart(new AdmissionChart(app, 'admission'), 'Admission policies. Before anybody may touch a tenant.'),
    fromChart(new OperatorChart(app, 'operator', options), 'The operator, its account and its rights.'),
    fromFolder(source, 'samples', 'A plane, a class and two tenants to begin with. Edit before applying.'),
    fromChart(
      new TenantChart(app, 'example-tenant', EXAMPLE_TENANT),
      'What the operator makes of the sample tenant acme. To read; the operator applies it, not you.',
    ),
  ];
}

export function writeChartFiles(folder: string, files: readonly ChartFile[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, about, text } of files) writeFileSync(join(folder, name), `# ${about}\n${text}`);
}

const fromChart = (chart: Chart, about: string): ChartFile => ({
  name: `${chart.node.id}.yaml`,
  about,
  text: Yaml.stringify(...(chart.toJson() as unknown[])),
});

/** In the order of the alphabet, which puts class and plane before tenants. */
function fromFolder(source: string, folder: string, about: string): ChartFile {
  const names = readdirSync(join(source, folder)).filter((name) => name.endsWith('.yaml'));
  const texts = names.sort().map((name) => readFileSync(join(source, folder, name), 'utf8').trimEnd());
  return { name: `${folder}.yaml`, about, text: `${texts.join('\n---\n')}\n` };
}
