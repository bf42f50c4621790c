import { RESOURCES } from '../../clients/kube-resources.js';
import { type LivePod, type LiveServiceAccount, namespaceOf } from '../kinds.js';
import type { NodeContext } from './node-context.js';
import { StartRefusal } from './refusal.js';

export interface ServiceAccountToken {
  readonly token: string;
  readonly expiresAt: number;
}

export interface TokenRequestOptions {
  readonly audience?: string | undefined;
  readonly expirationSeconds: number;
}

/** A process reads its kubeconfig once, so its token must outlive it; the server ends it with the pod it is bound to. */
export const KUBECONFIG_TOKEN_SECONDS = 365 * 24 * 3600;

const accountOf = (pod: LivePod): string => pod.spec.serviceAccountName ?? 'default';

type TokenCalls = Pick<NodeContext, 'client' | 'calls'>;

/** Whether the pod gets a token: its own word, else its account's, else yes. */
export async function observeAutomount({ client, calls }: TokenCalls, pod: LivePod): Promise<boolean> {
  if (pod.spec.automountServiceAccountToken === false) return false;
  const namespace = namespaceOf(pod);
  const account = await client.get<LiveServiceAccount>(
    {
      resource: RESOURCES.serviceAccounts,
      name: accountOf(pod),
      namespace,
    },
    calls,
  );
  if (account !== undefined) {
    return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  }
  // The account "default" is implied, not asked for: a cluster that has none gives no token.
  if (accountOf(pod) === 'default') return false;
  throw new StartRefusal('CreateContainerConfigError', `serviceaccount "${namespace}/${accountOf(pod)}" not found`);
}

export async function requestToken(
  { client, calls }: TokenCalls,
  pod: LivePod,
  options: TokenRequestOptions,
): Promise<ServiceAccountToken> {
  const name = accountOf(pod);
  const answer = await client.createSubresource(
    { resource: RESOURCES.serviceAccounts, name, namespace: namespaceOf(pod) },
    'token',
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name, namespace: namespaceOf(pod) },
      spec: {
        audiences: options.audience === undefined ? [] : [options.audience],
        expirationSeconds: options.expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
      },
    },
    calls,
  );
  return readToken(answer, name);
}

function readToken(answer: unknown, account: string): ServiceAccountToken {
  const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {};
  const token = status.token;
  if (typeof token !== 'string') {
    throw new Error(`the server answered no token for serviceaccount "${account}": check its TokenRequest API`);
  }
  const expiry = Date.parse(String(status.expirationTimestamp));
  return { token, expiresAt: Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
