import { stringify } from 'yaml';
import { buildCrds } from './v1alpha1/crd.js';
import { buildReference } from './v1alpha1/reference.js';

export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const HEADER = '# Generated from operator/api/v1alpha1/schema by "npm run generate". Do not edit.\n';

export const generatedFiles = (): readonly GeneratedFile[] => [
  ...buildCrds().map((crd) => ({
    path: `charts/crds/${crd.spec.group}_${crd.spec.names.plural}.yaml`,
    text: HEADER + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false }),
  })),
  { path: 'docs/reference/resources.md', text: buildReference() },
];
