import type { Container } from 'kubernetes-types/core/v1.js';
import type { ConfigSource } from '../../../../operator/local/node/config-source.js';
import { resolveEnvironment } from '../../../../operator/local/node/environment.js';
import { buildPod } from './pods.js';

const source: ConfigSource = {
  read: async (kind, namespace, name) => {
    if (namespace !== 'shop' || name === 'absent') return undefined;
    return new Map(
      kind === 'Secret'
        ? [['token', Buffer.from('s3cret')]]
        : [
            ['LEVEL', Buffer.from('info')],
            ['policies.json', Buffer.from('{}')],
          ],
    );
  },
};

const resolve = (container: Partial<Container>, ports: Record<string, number> = {}) =>
  resolveEnvironment({
    pod: buildPod(),
    container: { name: 'main', ...container },
    source,
    ports,
    mounts: [
      { mountPath: '/etc/app/inner', hostPath: '/data/inner' },
      { mountPath: '/etc/app', hostPath: '/data/app' },
    ],
    base: { PATH: '/bin', SHARED: 'of the node' },
  });

describe('a container’s environment', () => {
  it('takes whole ConfigMaps and Secrets, with a prefix, without keys that are no names', async () => {
    const env = await resolve({
      envFrom: [
        { configMapRef: { name: 'settings' }, prefix: 'APP_' },
        { secretRef: { name: 'keys' } },
        { secretRef: { name: 'absent', optional: true } },
      ],
    });
    expect(env).toEqual({ PATH: '/bin', SHARED: 'of the node', HOSTNAME: 'web', APP_LEVEL: 'info', token: 's3cret' });
  });

  it('lets a later value win, and refer to earlier ones', async () => {
    const env = await resolve({
      envFrom: [{ configMapRef: { name: 'settings' } }],
      env: [
        { name: 'LEVEL', value: 'debug' },
        { name: 'LINE', value: '$(LEVEL)/$(LATER)/$$(LEVEL)' },
        { name: 'LATER', value: 'x' },
        { name: 'SHARED', value: 'of the pod' },
      ],
    });
    expect(env).toMatchObject({ LEVEL: 'debug', LINE: 'debug/$(LATER)/$(LEVEL)', SHARED: 'of the pod' });
  });

  it('moves what lies under a mount path, the innermost mount first, and nothing that only looks like it', async () => {
    const env = await resolve({
      env: [
        { name: 'A', value: '/etc/app' },
        { name: 'B', value: '/etc/app/policies.json' },
        { name: 'C', value: '/etc/app/inner/key' },
        { name: 'D', value: '/etc/apple' },
      ],
    });
    expect(env).toMatchObject({ A: '/data/app', B: '/data/app/policies.json', C: '/data/inner/key', D: '/etc/apple' });
  });

  it('tells a process the ports that it really has', async () => {
    const env = await resolve(
      {
        ports: [
          { name: 'http', containerPort: 8283 },
          { name: 'metrics', containerPort: 9090 },
        ],
        env: [
          { name: 'PORT', value: '8283' },
          { name: 'METRICS_PORT', value: '9090' },
          { name: 'OTHER_PORT', value: '5432' },
          { name: 'COUNT', value: '9090' },
        ],
      },
      { http: 20_001, metrics: 20_002 },
    );
    expect(env).toMatchObject({
      PORT: '20001',
      METRICS_PORT: '20002',
      PORT_HTTP: '20001',
      PORT_METRICS: '20002',
      OTHER_PORT: '5432',
      COUNT: '9090',
    });
  });

  it.each([
    [{ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'absent', key: 'k' } } }] }, 'secret "absent" not found'],
    [
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
      "couldn't find key k in ConfigMap shop/settings",
    ],
    [{ envFrom: [{ configMapRef: { name: 'absent' } }] }, 'configmap "absent" not found'],
    [
      { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.what' } } }] },
      'fieldRef "spec.what" is not a field',
    ],
    [
      { env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] },
      'a source that this node does not have',
    ],
  ])('refuses to start with %j', async (container, message) => {
    await expect(resolve(container)).rejects.toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining(message),
    });
  });
});
