import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { type AwsOptions, ask, clientConfig } from './request.js';
import { type Service, serviceOf } from './service.js';

export const openBalancers = (options: AwsOptions): Service =>
  serviceOf((region) => new ElasticLoadBalancingV2Client(clientConfig(region, options)), readBalancer);

const ABSENT = ['LoadBalancerNotFoundException', 'LoadBalancerNotFound'];

async function readBalancer(client: ElasticLoadBalancingV2Client, { name }: Target): Promise<Facts | undefined> {
  const found = await ask(client.send(new DescribeLoadBalancersCommand({ Names: [name] })), ABSENT);
  const balancer = found?.LoadBalancers?.[0];
  const LoadBalancerArn = balancer?.LoadBalancerArn;
  if (balancer === undefined || LoadBalancerArn === undefined) return undefined;
  const [attributes, listeners] = await Promise.all([
    ask(client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn })), ABSENT),
    ask(client.send(new DescribeListenersCommand({ LoadBalancerArn })), ABSENT),
  ]);
  const said = new Map((attributes?.Attributes ?? []).map(({ Key = '', Value }) => [Key, Value]));
  return {
    internal: balancer.Scheme === 'internal',
    'deletion protection': said.get('deletion_protection.enabled') === 'true',
    'access logged in': said.get('access_logs.s3.enabled') === 'true' ? said.get('access_logs.s3.bucket') : undefined,
    'drops broken headers': said.get('routing.http.drop_invalid_header_fields.enabled') === 'true',
    listens: listed(
      (listeners?.Listeners ?? []).map(({ Protocol, Port, SslPolicy }) => `${Protocol} ${Port} ${SslPolicy}`),
    ),
  };
}
