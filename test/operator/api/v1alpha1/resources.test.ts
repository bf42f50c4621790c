import { CONDITIONS, REASONS } from '../../../../operator/api/v1alpha1/conditions.js';
import { buildCrds } from '../../../../operator/api/v1alpha1/crd.js';
import { OWN_RESOURCES } from '../../../../operator/api/v1alpha1/resources.js';
import { createResourceLookup } from '../../../../operator/clients/kube-resources.js';

it('the paths that the operator calls are those that the CRDs serve', () => {
  const served = buildCrds().map(({ spec }) => ({
    apiVersion: `${spec.group}/${spec.versions[0]?.name}`,
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === 'Namespaced',
  }));
  expect(OWN_RESOURCES).toEqual(served);
  const lookup = createResourceLookup(OWN_RESOURCES);
  for (const resource of served) expect(lookup.resourceFor(resource)).toEqual(resource);
});

it('reasons and conditions are words in CamelCase, each named by itself', () => {
  for (const [name, reason] of Object.entries(REASONS)) expect(reason).toBe(name);
  for (const word of [...Object.values(REASONS), ...Object.values(CONDITIONS)])
    expect(word).toMatch(/^([A-Z][a-z]+)+$/);
});
