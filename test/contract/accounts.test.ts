import {
  OPERATOR,
  OPERATOR_NAMESPACE,
  SERVICE_ACCOUNTS,
  TENANT_NAMESPACE_PREFIX,
} from '../../charts/manifests/names.js';
import { ACCOUNTS, TENANT_NAMESPACES } from '../../infra/identity/contract.js';
import { buildExternalSecrets } from '../../operator/cli/plane/external-secrets.js';
import type { PlaneOutputs } from '../../operator/cli/plane/outputs-schema.js';
import { environments } from '../../stacks/spec/index.js';
import { reviewedStacks } from '../support/reviewed-stacks.js';
import { terraformOutputs } from '../support/stack-outputs.js';

/** A cloud trusts a service account by name: one that nobody makes, or another's, would be found when it is too late. */
describe('the accounts that clouds trust are those that the charts make', () => {
  it('the operator, where it is installed', () => {
    expect(ACCOUNTS.operator).toEqual([OPERATOR.serviceAccount]);
    for (const { identity } of environments) expect(identity.operatorNamespace).toBe(OPERATOR_NAMESPACE);
  });

  it('those of every tenant, each once', () => {
    const trusted = [...ACCOUNTS.tenant, ...ACCOUNTS.backup, ...ACCOUNTS.audit].sort();
    expect(trusted).toEqual(Object.values(SERVICE_ACCOUNTS).sort());
    expect(TENANT_NAMESPACES).toBe(`${TENANT_NAMESPACE_PREFIX}*`);
  });

  it.each(['aws', 'gcp', 'azure'])('on %s, the one that fetches passwords', (cloud) => {
    const output = terraformOutputs(reviewedStacks().get(`${cloud}-prod-plane`) ?? {}).memplane?.value as PlaneOutputs;
    const text = JSON.stringify(buildExternalSecrets(output)[0]);
    const [name] = ACCOUNTS.externalSecrets;
    const [environment] = environments.filter((one) => one.name === 'prod' && one.place.cloud === cloud);
    const namespace = environment?.identity.secretsNamespace;
    expect(text).toContain(`"serviceAccountRef":${JSON.stringify({ name, namespace })}`);
  });
});
