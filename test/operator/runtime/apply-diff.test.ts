import { firstDifference } from '../../../operator/runtime/apply-diff.js';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'memory', namespace: 'ns', labels: { a: 'b' } },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [
          {
            name: 'memory',
            env: [{ name: 'CPU', value: '1000m' }],
            resources: { limits: { cpu: '1000m', memory: '1024Mi' } },
            ports: [{ name: 'http', containerPort: 8283 }],
          },
        ],
        volumes: [{ name: 'scratch', emptyDir: {} }],
      },
    },
  },
};

/** As a server stores it: defaults added, quantities shortened, bookkeeping everywhere. */
const stored = (change: (live: typeof deployment) => void = () => undefined): unknown => {
  const live = structuredClone(deployment);
  const [container] = live.spec.template.spec.containers;
  if (container === undefined) throw new Error('no container');
  container.resources.limits = { cpu: '1', memory: '1Gi' };
  Object.assign(container, { imagePullPolicy: 'Always' });
  Object.assign(container.ports[0] ?? {}, { protocol: 'TCP' });
  Object.assign(live.metadata, { uid: 'u', resourceVersion: '5', annotations: { revision: '1' } });
  Object.assign(live, { status: { replicas: 2 } });
  change(live);
  return live;
};

describe('the difference between what is desired and what the server holds', () => {
  it('is none when the server only added and shortened', () => {
    expect(firstDifference(deployment, stored())).toBeUndefined();
  });

  it.each<[string, (live: typeof deployment) => void, string]>([
    ['a scalar', (live) => Object.assign(live.spec, { replicas: 3 }), 'spec.replicas differs'],
    ['a missing label', (live) => Object.assign(live.metadata, { labels: {} }), 'metadata.labels.a differs'],
    [
      'an amount',
      (live) => Object.assign(live.spec.template.spec.containers[0]?.resources.limits ?? {}, { cpu: '2' }),
      'spec.template.spec.containers[0].resources.limits.cpu differs',
    ],
    [
      'text that looks like an amount',
      (live) => Object.assign(live.spec.template.spec.containers[0]?.env[0] ?? {}, { value: '1' }),
      'spec.template.spec.containers[0].env[0].value differs',
    ],
    [
      'a container that somebody added',
      (live) =>
        live.spec.template.spec.containers.push({
          ...structuredClone(deployment.spec.template.spec.containers[0]),
          name: 'x',
        } as never),
      'spec.template.spec.containers has 2 items instead of 1',
    ],
    [
      'an empty object that has a meaning and is gone',
      (live) => Object.assign(live.spec.template.spec, { volumes: [{ name: 'scratch' }] }),
      'spec.template.spec.volumes[0].emptyDir is not there',
    ],
  ])('names the place of %s, and no value', (_what, change, because) => {
    expect(firstDifference(deployment, stored(change))).toBe(because);
  });

  it('takes an empty list and none for the same, as the wire does', () => {
    expect(firstDifference({ spec: { egress: [] } }, { spec: {} })).toBeUndefined();
    expect(firstDifference({ spec: { egress: [] } }, { spec: { egress: [{}] } })).toBe(
      'spec.egress has 1 items instead of 0',
    );
  });

  it('pairs list items by their key when the server keeps another order', () => {
    const ports = (...names: readonly string[]) => ({
      spec: { ports: names.map((name) => ({ name, port: name.length })) },
    });
    expect(firstDifference(ports('http', 'metrics'), ports('metrics', 'http'))).toBeUndefined();
    expect(firstDifference(ports('http', 'metrics'), ports('http', 'other'))).toBe('spec.ports[1] is not there');
  });

  it('never mistakes rules of a NetworkPolicy for each other: they have no key, so their order counts', () => {
    const policy = (...cidrs: readonly string[]) => ({
      spec: { ingress: cidrs.map((cidr) => ({ from: [{ ipBlock: { cidr } }] })) },
    });
    expect(firstDifference(policy('10.0.0.0/8'), policy('0.0.0.0/0'))).toBe(
      'spec.ingress[0].from[0].ipBlock.cidr differs',
    );
    expect(firstDifference({ spec: { ingress: [{ from: [] }] } }, { spec: { ingress: [{}] } })).toBeUndefined();
  });
});
