/** A generator of small histories: the same seed gives the same history, on any machine. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return this.#state / 0x80000000;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.next() * values.length)] ?? values[0];
  }

  maybe<T>(chance: number, value: () => T): T | undefined {
    return this.next() < chance ? value() : undefined;
  }
}

export interface Step {
  readonly op: 'apply' | 'merge' | 'strategic' | 'replace' | 'status';
  readonly manager: string;
  readonly force: boolean;
  readonly body: object;
}

/** JSON has no undefined: what is left out is left out. */
const compact = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)];

export interface History {
  readonly apiVersion: string;
  readonly kind: string;
  spec(dice: Dice): object;
  patch(dice: Dice): object;
  status(dice: Dice): object;
  readonly strategic: ((dice: Dice) => object) | undefined;
}

const widgetSpec = (dice: Dice): object => ({
  size: dice.maybe(0.5, () => dice.pick([1, 2, 3])),
  opt: dice.maybe(0.4, () => dice.pick(['p', 'q'])),
  steps: dice.maybe(0.3, () => dice.pick([['a'], ['a', 'b'], []])),
  tags: dice.maybe(0.5, () => distinct([dice.pick(['a', 'b', 'c']), dice.pick(['a', 'b', 'c'])])),
  labels: dice.maybe(0.5, () => ({ a: dice.maybe(0.5, () => dice.pick(['1', '2'])), b: dice.maybe(0.5, () => '1') })),
  parts: dice.maybe(0.6, () =>
    distinct([dice.pick(['x', 'y', 'z']), dice.pick(['x', 'y', 'z'])]).map((name) => ({
      name,
      value: dice.maybe(0.6, () => dice.pick(['1', '2'])),
      sub: dice.maybe(0.4, () => ({ depth: dice.pick([1, 2]) })),
    })),
  ),
  any: dice.maybe(0.4, () => ({
    k: dice.maybe(0.6, () => dice.pick<unknown>([1, 's', [1], { z: 1 }])),
    l: dice.maybe(0.4, () => ({ m: dice.pick([1, 2]) })),
  })),
  needs: dice.maybe(0.3, () => ({ a: '1', b: dice.maybe(0.5, () => '2') })),
});

export const WIDGET_HISTORY: History = {
  apiVersion: 'conformance.dev/v1',
  kind: 'Widget',
  spec: widgetSpec,
  patch: (dice) => ({
    ...widgetSpec(dice),
    size: dice.maybe(0.4, () => dice.pick([null, 5])),
    parts: dice.maybe(0.2, () => null),
  }),
  status: (dice) => ({
    phase: 'Up',
    conditions: dice.maybe(0.5, () => [{ type: dice.pick(['A', 'B']), status: 'True' }]),
  }),
  strategic: undefined,
};

const container = (dice: Dice, name: string): object => ({
  name,
  image: dice.pick(['i:1', 'i:2']),
  env: dice.maybe(0.6, () =>
    distinct([dice.pick(['A', 'B']), dice.pick(['A', 'B', 'C'])]).map((variable) => ({
      name: variable,
      value: dice.pick(['1', '2']),
    })),
  ),
  ports: dice.maybe(0.5, () =>
    dice.pick<object[]>([
      [{ containerPort: 80 }],
      [
        { containerPort: 80, name: 'h' },
        { containerPort: 80, protocol: 'UDP' },
      ],
      [{ containerPort: 81, protocol: 'TCP' }],
    ]),
  ),
  resources: dice.maybe(0.4, () =>
    dice.pick<object>([{ limits: { cpu: '1000m' } }, { requests: { memory: '1Gi', cpu: '0.5' } }]),
  ),
  args: dice.maybe(0.3, () => [dice.pick(['x', 'y'])]),
  readinessProbe: dice.maybe(0.3, () => ({ httpGet: { port: dice.pick<unknown>([80, 'h']) } })),
});

const condition = (dice: Dice): object => ({
  type: dice.pick(['A', 'B']),
  status: 'True',
  reason: 'R',
  message: 'm',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  lastUpdateTime: '2026-01-01T00:00:00Z',
});

export const DEPLOYMENT_HISTORY: History = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: (dice) => ({
    replicas: dice.maybe(0.5, () => dice.pick([0, 1, 2])),
    selector: { matchLabels: { app: 'w' } },
    minReadySeconds: dice.maybe(0.3, () => dice.pick([1, 2])),
    strategy: dice.maybe(0.3, () =>
      dice.pick<object>([{ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }, { type: 'RollingUpdate' }]),
    ),
    template: {
      metadata: { labels: { app: 'w', x: dice.maybe(0.4, () => dice.pick(['1', '2'])) } },
      spec: {
        containers: [container(dice, 'main'), ...(dice.next() < 0.4 ? [container(dice, 'side')] : [])],
        volumes: dice.maybe(0.4, () =>
          dice.pick<object[]>([
            [{ name: 'v', emptyDir: {} }],
            [
              { name: 'c', configMap: { name: 'c' } },
              { name: 'v', emptyDir: {} },
            ],
          ]),
        ),
        nodeSelector: dice.maybe(0.2, () => ({ n: dice.pick(['1', '2']) })),
        imagePullSecrets: dice.maybe(0.2, () => [{ name: dice.pick(['s', 't']) }]),
      },
    },
  }),
  patch: (dice) => ({
    replicas: dice.maybe(0.5, () => dice.pick([1, 3])),
    minReadySeconds: dice.maybe(0.4, () => dice.pick([null, 4])),
    template: dice.maybe(0.4, () => ({ metadata: { labels: { x: dice.pick(['1', null, '5']) } } })),
  }),
  status: (dice) => ({ observedGeneration: 1, replicas: dice.pick([1, 2]), conditions: [condition(dice)] }),
  strategic: (dice) => ({
    template: {
      spec: {
        containers: [
          dice.next() < 0.5
            ? { name: 'side', image: 'i:9', env: dice.maybe(0.6, () => [{ name: 'Z', value: '1' }]) }
            : {
                name: 'main',
                image: 'i:9',
                env: dice.maybe(0.6, () => [
                  { name: 'Z', value: '1' },
                  { name: 'A', value: dice.pick(['7', '8']) },
                ]),
              },
        ],
      },
    },
  }),
};

const LENGTH = 7;

function buildStep(history: History, dice: Dice): Step {
  const op = dice.pick<Step['op']>(['apply', 'apply', 'apply', 'apply', 'merge', 'replace', 'status', 'strategic']);
  const base = { manager: dice.pick(['one', 'two', 'three']), force: dice.next() < 0.6 };
  const type = { apiVersion: history.apiVersion, kind: history.kind };
  const metadata = {
    name: 'w',
    labels: dice.maybe(0.4, () => ({
      l1: dice.maybe(0.6, () => dice.pick(['1', '2'])),
      l2: dice.maybe(0.5, () => 'x'),
    })),
    annotations: dice.maybe(0.3, () => ({ n1: dice.pick(['1', '2']) })),
  };
  switch (op) {
    case 'apply':
    case 'replace':
      return { op, ...base, body: compact({ ...type, metadata, spec: history.spec(dice) }) };
    case 'status':
      return {
        op,
        ...base,
        force: true,
        body: compact({ ...type, metadata: { name: 'w' }, status: history.status(dice) }),
      };
    case 'strategic':
      if (history.strategic !== undefined) return { op, ...base, body: compact({ spec: history.strategic(dice) }) };
      return { ...base, op: 'merge', body: compact({ spec: history.patch(dice) }) };
    default:
      return {
        op,
        ...base,
        body: compact({ metadata: { labels: { l1: dice.pick([null, '7']) } }, spec: history.patch(dice) }),
      };
  }
}

export function buildHistory(history: History, seed: number): readonly Step[] {
  const dice = new Dice(seed);
  return Array.from({ length: LENGTH }, () => buildStep(history, dice));
}
