import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeError } from './kube.js';
import { messageOf } from './kube-errors.js';

/**
 * A rotated token or certificate is noticed this long after it was written, or at the next 401, whichever is sooner.
 * Resolving reads files and builds an agent, too dear for every request.
 */
const FRESH_MS = 30_000;

export interface TlsOptions {
  readonly ca?: RequestOptions['ca'];
  readonly cert?: RequestOptions['cert'];
  readonly key?: RequestOptions['key'];
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface ResolvedCredentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Equal text, equal TLS material: open connections may be kept. */
  readonly tlsIdentity: string;
}

export interface Credentials {
  readonly server: URL;
  readonly proxyUrl: string | undefined;
  resolve(): Promise<ResolvedCredentials>;
  /** Reads everything again from where it came: called when the server says 401. */
  reload(): void;
}

const unavailable = (message: string, cause?: unknown): KubeError =>
  new KubeError({ status: 0, reason: 'CredentialsUnavailable', message, cause });

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || host.startsWith('127.');

const readConfig = (kubeconfigPath: string | undefined): KubeConfig => {
  const config = new KubeConfig();
  try {
    if (kubeconfigPath === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfigPath);
  } catch (cause) {
    const where = kubeconfigPath ?? 'named by KUBECONFIG, or ~/.kube/config';
    const why = messageOf(cause);
    throw unavailable(`cannot read the kubeconfig ${where}: ${why}; name a readable file`, cause);
  }
  return allowPlainLoopback(config);
};

/** client-node refuses plain HTTP unless TLS checks are off. On loopback there is nobody to check, so it is allowed. */
const allowPlainLoopback = (config: KubeConfig): KubeConfig => {
  config.clusters = config.clusters.map((cluster) => {
    const plain = URL.canParse(cluster.server) && new URL(cluster.server).protocol === 'http:';
    return plain && isLoopback(new URL(cluster.server).hostname) ? { ...cluster, skipTLSVerify: true } : cluster;
  });
  return config;
};

const currentCluster = (config: KubeConfig): { readonly server: URL; readonly proxyUrl: string | undefined } => {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw unavailable(
      `the kubeconfig's current-context "${config.getCurrentContext() ?? ''}" names no cluster; ` +
        'choose one with "kubectl config use-context"',
    );
  }
  if (!URL.canParse(cluster.server)) {
    throw unavailable(`the kubeconfig's cluster "${cluster.name}" has server "${cluster.server}", which is not a URL`);
  }
  return { server: new URL(cluster.server), proxyUrl: cluster.proxyUrl };
};

const headerText = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));

const resolveOnce = async (config: KubeConfig): Promise<ResolvedCredentials> => {
  const options: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    const why = messageOf(cause).trim();
    throw unavailable(`cannot get credentials for the API server: ${why}`, cause);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = headerText(value);
  if (typeof options.auth === 'string') {
    headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls: TlsOptions = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
  const tlsIdentity = [ca, cert, key, servername, rejectUnauthorized].map(String).join('\n');
  return { headers, tls, tlsIdentity };
};

/** Kubeconfig, in-cluster files and exec plugins, as client-node reads them. */
export const loadCredentials = (kubeconfigPath?: string, now: () => number = Date.now): Credentials => {
  let config = readConfig(kubeconfigPath);
  const { server, proxyUrl } = currentCluster(config);
  let resolved: Promise<ResolvedCredentials> | undefined;
  let resolvedAt = 0;
  return {
    server,
    proxyUrl,
    resolve() {
      if (resolved === undefined || now() - resolvedAt > FRESH_MS) {
        resolvedAt = now();
        const attempt = resolveOnce(config);
        attempt.catch(() => {
          // The caller sees the failure; the next call must try again instead of meeting it for 30 s.
          if (resolved === attempt) resolved = undefined;
        });
        resolved = attempt;
      }
      return resolved;
    },
    reload() {
      config = readConfig(kubeconfigPath);
      resolved = undefined;
    },
  };
};
