import { Chart } from 'cdk8s';
import {
  k8s,
  Namespaces,
  NetworkPolicy,
  NetworkPolicyPort,
  NetworkPolicyTrafficDefault,
  Pods,
  Service,
} from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { OPERATOR, PORTS } from './manifests/names.js';
import { buildOperator } from './manifests/platform/build.js';
import { buildPlatformMeta, OPERATOR_SELECTOR } from './manifests/platform/labels.js';
import { buildOperatorNamespace } from './manifests/platform/operator-namespace.js';
import type { PlatformOptions } from './manifests/platform/options.js';
import { render } from './render.js';

/** The operator and its rights, as the embedded cluster has them too, and what only a real cluster has a use for. */
export class OperatorChart extends Chart {
  constructor(scope: Construct, id: string, options: PlatformOptions) {
    super(scope, id);
    render(this, [buildOperatorNamespace(), ...buildOperator(options)]);
    const metadata = buildPlatformMeta(OPERATOR.deployment);
    const pods = Pods.select(this, 'pods', { labels: { ...OPERATOR_SELECTOR } });
    new Service(this, 'metrics', {
      metadata,
      selector: pods,
      ports: [{ name: 'http', port: PORTS.operator, targetPort: PORTS.operator }],
    });
    new NetworkPolicy(this, 'network', {
      metadata,
      selector: pods,
      // It calls the API server, stores and clouds, whose addresses the planes name later: out is open, in is not.
      ingress: {
        default: NetworkPolicyTrafficDefault.DENY,
        rules: [{ peer: Namespaces.all(this, 'scrapers'), ports: [NetworkPolicyPort.tcp(PORTS.operator)] }],
      },
    });
    if ((options.replicas ?? 1) > 1) {
      new k8s.KubePodDisruptionBudget(this, 'budget', {
        metadata,
        spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: { ...OPERATOR_SELECTOR } } },
      });
    }
  }
}
