import { TENANT_LABEL } from '../../../../../charts/manifests/names.js';
import type { K8sObject } from '../../../../../charts/manifests/object.js';
import { createResourceLookup } from '../../../../../operator/clients/kube-resources.js';
import { TenantRolesOf } from '../../../../../operator/plane/pod-roles.js';
import { namespacePhase } from '../../../../../operator/tenant/phases/namespace/index.js';
import type { PhaseContext, TeardownContext } from '../../../../../operator/tenant/phases/phase.js';
import { type EksStandIn, startEksStandIn } from '../../../../support/eks-associations.js';
import { KubeMemory } from '../../../../support/kube-memory.js';
import { MINIMAL } from '../../../../support/tenant-options.js';
import { planeOf } from '../../../../support/tenants.js';

const role = (name: string): string => `arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-${name}`;
const IDENTITY = {
  provider: 'eks-pod-identity',
  clusterName: 'memplane-prod',
  tenantRoleARN: role('tenant'),
  backupRoleARN: role('backup'),
  auditRoleARN: role('audit'),
};
const KMS = { provider: 'aws', keyID: 'arn:aws:kms:eu-central-1:444455556666:alias/memplane-prod-tenant' };

const rolesOf = (identity: object) => {
  const outcome = new TenantRolesOf().of(planeOf({ kms: KMS, identity: { ...IDENTITY, ...identity } }));
  if (outcome.kind !== 'done') throw new Error(outcome.message);
  return outcome.facts;
};

describe('the namespace of a tenant on EKS (a stand-in of its API)', () => {
  const before = process.env;
  let eks: EksStandIn;
  let kube: KubeMemory;

  beforeEach(async () => {
    eks = await startEksStandIn('memplane-prod');
    kube = new KubeMemory();
    process.env = {
      ...before,
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_ENDPOINT_URL_EKS: eks.url },
    };
  });
  afterEach(async () => {
    process.env = before;
    await eks.stop();
  });

  const { resourceFor } = createResourceLookup();
  const apply = async (desired: readonly K8sObject[]): Promise<void> => {
    for (const object of desired) await kube.apply(resourceFor(object), object);
  };
  const run = (roles: ReturnType<typeof rolesOf>) =>
    namespacePhase.run({ kube, options: MINIMAL, objects: { apply }, stores: { roles } } as unknown as PhaseContext);
  const teardown = (roles: ReturnType<typeof rolesOf>) => {
    const record = { name: MINIMAL.name, namespace: MINIMAL.namespace };
    return namespacePhase.teardown({ kube, record, stores: { roles } } as unknown as TeardownContext);
  };
  const bound = () =>
    [...eks.associations.values()].map(({ namespace, serviceAccount, roleArn }) => [
      namespace,
      serviceAccount,
      roleArn,
    ]);

  it('lets each service account become its role, and asks no more while it knows', async () => {
    const roles = rolesOf({});
    expect(await run(roles)).toMatchObject({ kind: 'done' });
    expect(bound()).toEqual([
      ['mem-tiny', 'memory', role('tenant')],
      ['mem-tiny', 'restore', role('tenant')],
      ['mem-tiny', 'backup', role('backup')],
      ['mem-tiny', 'audit', role('audit')],
    ]);
    const asked = eks.calls.length;
    await run(roles);
    expect(eks.calls.length).toBe(asked);
  });

  it('corrects a role that somebody changed, and takes away what it did not give', async () => {
    await run(rolesOf({}));
    const [first] = [...eks.associations.values()];
    if (first === undefined) throw new Error('nothing is bound');
    eks.associations.set(first.associationId, { ...first, roleArn: role('operator') });
    const planted = {
      associationId: 'a-planted',
      namespace: 'mem-tiny',
      serviceAccount: 'default',
      roleArn: role('tenant'),
    };
    eks.associations.set('a-planted', planted);
    // As after a restart of the operator, which remembers nothing.
    await run(rolesOf({}));
    expect(bound()).toContainEqual(['mem-tiny', 'memory', role('tenant')]);
    expect(bound()).toHaveLength(4);
    expect(eks.associations.has('a-planted')).toBe(false);
  });

  it('takes a new role up when the plane names one, for this namespace alone', async () => {
    const other = {
      associationId: 'a-other',
      namespace: 'mem-other',
      serviceAccount: 'memory',
      roleArn: role('tenant'),
    };
    eks.associations.set('a-other', other);
    await run(rolesOf({}));
    await run(rolesOf({ tenantRoleARN: role('tenant-2'), backupRoleARN: undefined }));
    expect(bound()).toEqual([
      ['mem-other', 'memory', role('tenant')],
      ['mem-tiny', 'memory', role('tenant-2')],
      ['mem-tiny', 'restore', role('tenant-2')],
      ['mem-tiny', 'audit', role('audit')],
    ]);
  });

  it('is bound to nothing once it is gone, and not before', async () => {
    const roles = rolesOf({});
    await run(roles);
    expect(await teardown(roles)).toMatchObject({ kind: 'wait', reason: 'Terminating' });
    expect(bound()).toHaveLength(4);
    // It is deleted and gone.
    expect(await teardown(roles)).toEqual({ kind: 'done', facts: undefined });
    expect(bound()).toEqual([]);
    expect(await teardown(roles)).toEqual({ kind: 'done', facts: undefined });
  });

  it('leaves alone what is bound in a namespace of the same name that is somebody else’s', async () => {
    const theirs = { associationId: 'a-1', namespace: 'mem-tiny', serviceAccount: 'memory', roleArn: role('theirs') };
    eks.associations.set('a-1', theirs);
    const labels = { [TENANT_LABEL]: 'another' };
    await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mem-tiny', labels } } as K8sObject]);
    expect(await run(rolesOf({}))).toMatchObject({ kind: 'stalled', reason: 'NamespaceConflict' });
    expect(await teardown(rolesOf({}))).toMatchObject({ kind: 'done' });
    expect(bound()).toEqual([['mem-tiny', 'memory', role('theirs')]]);
  });

  it.each([
    ['AccessDeniedException', 403, "give the operator's role this right on the cluster and iam:PassRole on the role"],
    ['ResourceNotFoundException', 404, 'correct identity.clusterName of the MemoryPlane'],
  ])('says what EKS refused (%s), what to do, and tries again', async (name, status, remedy) => {
    eks.refuse({ status, name });
    const roles = rolesOf({});
    const outcome = await run(roles);
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'IdentityRefused' });
    expect('message' in outcome && outcome.message).toBe(
      `EKS did not look at the associations of mem-tiny in cluster memplane-prod: ${name}; ${remedy}`,
    );
    eks.refuse(undefined);
    expect(await run(roles)).toMatchObject({ kind: 'done' });
  });
});

describe('a plane', () => {
  it.each(['clusterName', 'tenantRoleARN'])('that says eks-pod-identity and no %s is told so', (field) => {
    const { [field as 'clusterName']: _, ...identity } = IDENTITY;
    expect(new TenantRolesOf().of(planeOf({ kms: KMS, identity }))).toMatchObject({
      kind: 'stalled',
      reason: 'PlaneIncomplete',
      message: expect.stringContaining(`spec.identity.${field} of MemoryPlane default is unset`),
    });
  });

  it.each(['eks-irsa', 'gke', 'aks'])('of %s asks nobody', (provider) => {
    const outcome = new TenantRolesOf().of(planeOf({ identity: { provider } }));
    expect(outcome).toEqual({ kind: 'done', facts: undefined });
  });
});
