import { type Answer, causesOf, messageOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, deployment, widget } from './widget.js';

const UNCHECKED =
  '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

interface Refusal {
  readonly because: string;
  readonly spec: unknown;
  readonly says: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    because: 'a type',
    spec: { size: 'x' },
    says: 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  },
  {
    because: 'a minimum',
    spec: { size: 0 },
    says: 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
  },
  {
    because: 'a maximum',
    spec: { size: 11 },
    says: 'spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
  },
  { because: 'an enum', spec: { mode: 'C' }, says: 'spec.mode: Unsupported value: "C": supported values: "A", "B"' },
  {
    because: 'a pattern',
    spec: { name: 'AB' },
    says: `spec.name: Invalid value: "AB": spec.name in body should match '^[a-z]+$'`,
  },
  {
    because: 'a shortest',
    spec: { name: 'a' },
    says: 'spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long',
  },
  { because: 'a longest', spec: { name: 'abcdef' }, says: 'spec.name: Too long: may not be more than 5 bytes' },
  {
    because: 'a format',
    spec: { when: 'noon' },
    says: 'spec.when: Invalid value: "noon": spec.when in body must be of type date-time: "noon"',
  },
  {
    because: 'int or string',
    spec: { port: true },
    says: 'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
  },
  { because: 'a set', spec: { tags: ['a', 'a'] }, says: 'spec.tags[1]: Duplicate value: "a"' },
  {
    because: 'a keyed list',
    spec: { parts: [{ name: 'a' }, { name: 'a' }] },
    says: 'spec.parts[1]: Duplicate value: map[string]interface {}{"name":"a"}',
  },
  {
    because: 'a most',
    spec: { tags: ['a', 'b', 'c', 'd'] },
    says: 'spec.tags: Too many: 4: must have at most 3 items',
  },
  { because: 'required', spec: { needs: {} }, says: 'spec.needs.a: Required value' },
  { because: 'required in a list', spec: { parts: [{ value: 'a' }] }, says: 'spec.parts[0].name: Required value' },
  { because: 'a rule', spec: { min: 5 }, says: 'spec: Invalid value: "object": min is above size' },
  {
    because: 'a rule that words its message',
    spec: { opt: 'fail' },
    says: 'spec: Invalid value: "object": opt is fail',
  },
  {
    because: 'a rule on a duration',
    spec: { wait: '1ms' },
    says: `spec.wait: Invalid value: "string": failed rule: duration(self) >= duration('1s')`,
  },
  {
    because: 'the type of the whole',
    spec: [],
    says: 'spec: Invalid value: "array": spec in body must be of type object: "array"',
  },
];

export function registerValidation(suite: Suite): void {
  const create = (ns: string, object: object, query?: Readonly<Record<string, string>>): Promise<Answer> =>
    suite.client().create(paths.widgets(ns), object, query);

  describe('validation of custom kinds', () => {
    it.each(REFUSALS)('refuses what breaks $because, in Kubernetes words', async ({ spec, says }) => {
      const refused = await create('default', { ...widget('a'), spec });
      expect([refused.status, refused.body.reason]).toEqual([422, 'Invalid']);
      expect(messageOf(refused).replace(/, <nil>: .*\]$/, ']')).toContain(says);
      const [field] = says.split(':');
      expect(causesOf(refused).map((cause) => cause.field)).toContain(field);
    });

    it('refuses what a rule cannot be worked out for', async () => {
      const ghost = await create('default', widget('a', { ghost: true }));
      expect(ghost.status).toBe(422);
      expect(messageOf(ghost)).toMatch(
        /spec: Invalid value: "object": no such key: labels evaluating rule: ghost needs a label/,
      );
      const wait = await create('default', widget('a', { wait: 'soon' }));
      expect(wait.status).toBe(422);
      expect(messageOf(wait)).toContain('evaluating rule: duration(self)');
    });

    it('reports every error at once, and says that rules were left out', async () => {
      const refused = await create('default', widget('a', { mode: 'C', min: 'x', name: 'abcdef' }));
      const fields = causesOf(refused).map(({ field }) => field);
      expect([...fields].sort()).toEqual(['<nil>', 'spec.min', 'spec.mode', 'spec.name']);
      expect(messageOf(refused)).toContain(UNCHECKED);
    });

    it('a rule at the root sees the name', async () => {
      const refused = await create('default', widget('bad-one'));
      expect(messageOf(refused)).toBe(
        'Widget.conformance.dev "bad-one" is invalid: <nil>: Invalid value: "object": bad name',
      );
    });

    it('fills defaults, deep and in lists, and where a null asks for one', async () => {
      const ns = await suite.namespace();
      const { body } = await create(
        ns,
        widget('a', { size: null, maybe: null, parts: [{ name: 'a', sub: {} }], name: null }),
      );
      expect(body.spec).toEqual({
        size: 3,
        opt: 'x',
        mode: 'A',
        maybe: null,
        parts: [{ name: 'a', sub: { depth: 7 } }],
      });
    });

    it('drops unknown fields with a warning, keeps those that a schema keeps, refuses them when strict', async () => {
      const ns = await suite.namespace();
      const object = {
        ...widget('a', { foo: 1, any: { deep: [1] }, parts: [{ name: 'a', zz: 1 }] }, { foo: 1 }),
        x: 1,
      };
      const made = await create(ns, object);
      expect(made.body.spec).toMatchObject({ any: { deep: [1] }, parts: [{ name: 'a' }] });
      expect(JSON.stringify(made.body)).not.toMatch(/"foo":1|"zz":1|"x":1/);
      expect(made.headers.get('warning')).toContain('unknown field \\"spec.foo\\"');
      const quiet = await create(ns, { ...object, metadata: { name: 'b' } }, { fieldValidation: 'Ignore' });
      expect(quiet.headers.get('warning')).toBeNull();
      const strict = await create(ns, object, { fieldValidation: 'Strict' });
      expect([strict.status, strict.body.reason]).toEqual([400, 'BadRequest']);
      expect(messageOf(strict)).toContain(
        'strict decoding error: unknown field "metadata.foo", unknown field "spec.foo", unknown field "spec.parts[0].zz", unknown field "x"',
      );
    });
  });

  describe('transition rules', () => {
    it('compare with the old value, and only when there is one', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      expect((await create(ns, widget('a', { mode: 'B' }))).status).toBe(201);
      const changed = await suite.client().merge(path, { spec: { mode: 'A' } });
      expect(changed.status).toBe(422);
      expect(messageOf(changed)).toContain('spec.mode: Invalid value: "string": mode is immutable');
      expect((await suite.client().merge(path, { spec: { optional: 'x' } })).status).toBe(200);
      expect((await suite.client().merge(path, { spec: { optional: 'y' } })).status).toBe(422);
      expect((await suite.client().merge(path, { spec: { optional: null } })).status).toBe(200);
      expect((await suite.client().merge(path, { spec: { optional: 'y' } })).status).toBe(200);
    });

    it('hold for apply as well', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().apply(path, widget('a', { mode: 'B' }), 'one');
      const changed = await suite.client().apply(path, widget('a', { mode: 'A' }), 'one');
      expect(messageOf(changed)).toContain('mode is immutable');
    });
  });

  describe('validation of built-in kinds', () => {
    it('refuses unknown fields when strict, warns of them otherwise', async () => {
      const ns = await suite.namespace();
      const wrong = deployment('a', { replicaz: 1, replicas: 0 });
      const strict = await suite.client().create(paths.deployments(ns), wrong, { fieldValidation: 'Strict' });
      expect(strict.status).toBe(400);
      expect(messageOf(strict)).toContain('strict decoding error: unknown field "spec.replicaz"');
      const warned = await suite.client().create(paths.deployments(ns), wrong);
      expect([warned.status, warned.headers.get('warning')]).toEqual([
        201,
        '299 - "unknown field \\"spec.replicaz\\""',
      ]);
    });

    it('refuses a value of another type before anything else', async () => {
      const ns = await suite.namespace();
      const refused = await suite.client().create(paths.configMaps(ns), configMap('a', { k: 5 }));
      expect(refused.status).toBe(400);
      expect(messageOf(refused)).toBe(
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
      );
    });

    it('fills what a Deployment leaves out', async () => {
      const ns = await suite.namespace();
      const { body } = await suite
        .client()
        .create(paths.deployments(ns), deployment('a', {}, { ports: [{ containerPort: 80 }] }), { dryRun: 'All' });
      expect(body.spec).toMatchObject({
        replicas: 1,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        template: {
          spec: {
            restartPolicy: 'Always',
            dnsPolicy: 'ClusterFirst',
            terminationGracePeriodSeconds: 30,
            containers: [{ imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
          },
        },
      });
    });

    it('holds a Deployment to its selector, for good', async () => {
      const ns = await suite.namespace();
      const mismatched = deployment('a', { selector: { matchLabels: { app: 'other' } } });
      const refused = await suite.client().create(paths.deployments(ns), mismatched);
      expect(messageOf(refused)).toContain('`selector` does not match template `labels`');
      await suite.client().create(paths.deployments(ns), deployment('a', { replicas: 0 }));
      const changed = await suite.client().merge(`${paths.deployments(ns)}/a`, {
        spec: { selector: { matchLabels: { app: 'b' } }, template: { metadata: { labels: { app: 'b' } } } },
      });
      expect([changed.status, causesOf(changed).map(({ field }) => field)]).toEqual([422, ['spec.selector']]);
      expect(messageOf(changed)).toContain('field is immutable');
    });

    it('encodes what a Secret was given in the clear, and keeps what is immutable', async () => {
      const ns = await suite.namespace();
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a' },
        stringData: { k: 'v' },
        immutable: true,
      };
      const { body } = await suite.client().create(paths.secrets(ns), secret);
      expect(body).toMatchObject({ type: 'Opaque', data: { k: 'dg==' }, immutable: true });
      expect(body.stringData).toBeUndefined();
      const changed = await suite.client().merge(`${paths.secrets(ns)}/a`, { stringData: { k: 'w' } });
      expect([changed.status, causesOf(changed)[0]?.field]).toEqual([422, 'data']);
    });

    it('gives a Service an address and keeps it', async () => {
      const ns = await suite.namespace();
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } };
      const { body } = await suite.client().create(paths.services(ns), service);
      const { clusterIP } = body.spec as { clusterIP: string };
      expect(clusterIP).toMatch(/^10\.\d+\.\d+\.\d+$/);
      expect(body.spec).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] });
      const applied = await suite
        .client()
        .apply(`${paths.services(ns)}/a`, { ...service, metadata: { name: 'a', labels: { x: 'y' } } }, 'one', {
          force: 'true',
        });
      expect(applied.body.spec).toMatchObject({ clusterIP });
    });

    it('refuses names and labels that are none', async () => {
      const ns = await suite.namespace();
      const named = await suite.client().create(paths.configMaps(ns), configMap('Not_A_Name'));
      expect(messageOf(named)).toContain(
        'metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of',
      );
      const labelled = await suite
        .client()
        .create(paths.configMaps(ns), configMap('a', {}, { labels: { a: 'not a label' } }));
      expect(messageOf(labelled)).toContain('metadata.labels: Invalid value: "not a label": a valid label must be');
    });
  });
}
