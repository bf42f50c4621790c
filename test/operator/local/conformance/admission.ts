import { type Answer, eventually, messageOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { widget } from './widget.js';

const policy = (name: string, spec: object): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name },
  spec: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ['conformance.dev'],
          apiVersions: ['*'],
          resources: ['widgets'],
          operations: ['CREATE', 'UPDATE', 'DELETE'],
        },
      ],
    },
    ...spec,
  },
});

const binding = (name: string, namespace: string, validationActions = ['Deny']): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name },
  spec: {
    policyName: name,
    validationActions,
    matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
  },
});

export function registerAdmission(suite: Suite): void {
  let count = 0;

  /** A policy for one namespace alone, in force: it is followed by watch, so it takes a moment. */
  const enforce = async (
    spec: object,
    probe: (ns: string) => Promise<Answer>,
    actions?: string[],
  ): Promise<{ ns: string; name: string }> => {
    const ns = await suite.namespace();
    count += 1;
    const name = `policy-${count}.conformance.dev`;
    const made = await suite.client().create(`${paths.policies}/validatingadmissionpolicies`, policy(name, spec));
    expect([made.status, messageOf(made)]).toEqual([201, 'undefined']);
    await suite.client().create(`${paths.policies}/validatingadmissionpolicybindings`, binding(name, ns, actions));
    await eventually(`${name} is in force`, async () => {
      const { status, headers } = await probe(ns);
      return status >= 400 || headers.get('warning') !== null ? true : undefined;
    });
    return { ns, name };
  };
  const create = (ns: string, spec: object, name = 'a'): Promise<Answer> =>
    suite.client().create(paths.widgets(ns), widget(name, spec), { dryRun: 'All' });

  describe('admission policies', () => {
    it('deny with their message, naming policy and binding', async () => {
      const { ns, name } = await enforce(
        {
          validations: [
            {
              expression: 'object.spec.size <= 5',
              messageExpression: "'size ' + string(object.spec.size) + ' is above 5'",
            },
          ],
        },
        (within) => create(within, { size: 6 }),
      );
      const denied = await create(ns, { size: 7 });
      expect([denied.status, denied.body.reason]).toEqual([422, 'Invalid']);
      expect(messageOf(denied)).toBe(
        `widgets.conformance.dev "a" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: size 7 is above 5`,
      );
      expect((await create(ns, { size: 5 })).status).toBe(201);
    });

    it('word a failure without a message by the expression, with the reason they name', async () => {
      const { ns } = await enforce(
        { validations: [{ expression: 'object.spec.size < 2', reason: 'Forbidden' }] },
        (within) => create(within, {}),
      );
      const denied = await create(ns, {});
      expect([denied.status, denied.body.reason]).toEqual([403, 'Forbidden']);
      expect(messageOf(denied)).toContain('failed expression: object.spec.size < 2');
    });

    it('see the old object, the request, the namespace, and variables', async () => {
      const { ns } = await enforce(
        {
          variables: [
            { name: 'grew', expression: "request.operation == 'UPDATE' && object.spec.size > oldObject.spec.size" },
            { name: 'here', expression: 'namespaceObject.metadata.name == request.namespace' },
          ],
          validations: [
            { expression: '!variables.grew', message: 'a widget does not grow' },
            { expression: 'variables.here && request.name != "probe"', message: 'not a probe' },
          ],
        },
        (within) => create(within, {}, 'probe'),
      );
      expect((await suite.client().create(paths.widgets(ns), widget('a'))).status).toBe(201);
      const grown = await suite.client().merge(`${paths.widgets(ns)}/a`, { spec: { size: 9 } });
      expect(messageOf(grown)).toContain('a widget does not grow');
      expect((await suite.client().merge(`${paths.widgets(ns)}/a`, { spec: { size: 1 } })).status).toBe(200);
    });

    it('guard deletions, by the old object', async () => {
      const { ns } = await enforce(
        {
          validations: [
            { expression: "request.operation != 'DELETE' || oldObject.spec.opt != 'keep'", message: 'kept' },
            { expression: "object == null || object.metadata.name != 'probe'" },
          ],
        },
        (within) => create(within, {}, 'probe'),
      );
      await suite.client().create(paths.widgets(ns), widget('a', { opt: 'keep' }));
      const denied = await suite.client().delete(`${paths.widgets(ns)}/a`);
      expect([denied.status, messageOf(denied)]).toEqual([422, expect.stringContaining('kept')]);
      await suite.client().merge(`${paths.widgets(ns)}/a`, { spec: { opt: 'x' } });
      expect((await suite.client().delete(`${paths.widgets(ns)}/a`)).status).toBe(200);
    });

    it('apply under their conditions only', async () => {
      const { ns } = await enforce(
        {
          matchConditions: [{ name: 'guarded', expression: "object.metadata.name.startsWith('g')" }],
          validations: [{ expression: 'false', message: 'guarded' }],
        },
        (within) => create(within, {}, 'g'),
      );
      expect((await create(ns, {}, 'free')).status).toBe(201);
      expect((await create(ns, {}, 'guard')).status).toBe(422);
    });

    it('that cannot be worked out refuse, unless they ignore failures', async () => {
      const missing = { validations: [{ expression: "object.spec.labels['none'] == 'x'" }] };
      const { ns } = await enforce(missing, (within) => create(within, {}));
      const denied = await create(ns, {});
      expect(denied.status).toBe(422);
      expect(messageOf(denied)).toMatch(/resulted in error: .*no such key: labels/);
      const ignoring = await enforce(
        {
          failurePolicy: 'Ignore',
          validations: [...missing.validations, { expression: "object.metadata.name != 'probe'" }],
        },
        (within) => create(within, {}, 'probe'),
      );
      expect((await create(ignoring.ns, {})).status).toBe(201);
    });

    it('may ask what the caller is allowed', async () => {
      const { ns } = await enforce(
        {
          validations: [
            {
              expression:
                "authorizer.group('conformance.dev').resource('widgets').name(object.metadata.name).check('polish').allowed()",
            },
            { expression: "object.metadata.name != 'probe'" },
          ],
        },
        (within) => create(within, {}, 'probe'),
      );
      expect((await create(ns, {})).status).toBe(201);
    });

    it('that only warn let pass with a warning', async () => {
      const { ns } = await enforce(
        { validations: [{ expression: 'object.spec.size < 2', message: 'large' }] },
        (within) => create(within, {}),
        ['Warn'],
      );
      const warned = await create(ns, {});
      expect(warned.status).toBe(201);
      expect(warned.headers.get('warning')).toContain('large');
    });

    it('with an expression that does not compile are refused themselves', async () => {
      const refused = await suite
        .client()
        .create(
          `${paths.policies}/validatingadmissionpolicies`,
          policy('broken.conformance.dev', { validations: [{ expression: 'object.spec.size <' }] }),
        );
      expect([refused.status, messageOf(refused)]).toEqual([422, expect.stringContaining('compilation failed')]);
    });
  });
}
