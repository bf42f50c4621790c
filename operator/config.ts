import { randomBytes } from 'node:crypto';
import type { PodIdentity } from './clients/cloud-identity.js';

/** The operator's settings: read once, every problem reported at once, frozen. */
export interface OperatorConfig {
  /** Where the operator runs; the plane's Secrets are read here. */
  readonly namespace: string;
  readonly identity: string;
  readonly logLevel: LogLevel;
  /** Serves probes and metrics. */
  readonly port: number;
  readonly listenAddress: string;
  readonly workers: number;
  readonly leaderElection: boolean;
  /** Every tenant is looked at again after this long, whatever the watches said. */
  readonly resyncSeconds: number;
  /** Who the operator is to Google and Azure, under the names that their clusters give; AWS reads its own. */
  readonly cloudIdentity?: PodIdentity;
  /** Where those clouds' APIs are, if not at their own addresses. */
  readonly cloudEndpoint?: string | undefined;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the operator cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(env: Environment = process.env): OperatorConfig {
  const problems: string[] = [];
  const config = Object.freeze({
    namespace: env.POD_NAMESPACE ?? 'memplane-system',
    // In two containers that nobody named both may be process 1: one lease must not look like its own to both.
    identity: env.POD_NAME ?? `local-${process.pid}-${randomBytes(4).toString('hex')}`,
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info', problems),
    listenAddress: env.LISTEN_ADDRESS || '0.0.0.0',
    port: integer(env, 'PORT', { default: 8080, min: 0, max: 65_535 }, problems),
    workers: integer(env, 'WORKERS', { default: 8, min: 1, max: 64 }, problems),
    leaderElection: oneOf(env, 'LEADER_ELECTION', ['true', 'false'] as const, 'true', problems) === 'true',
    resyncSeconds: integer(env, 'RESYNC_SECONDS', { default: 600, min: 10, max: 86_400 }, problems),
    cloudIdentity: {
      GCE_METADATA_HOST: env.GCE_METADATA_HOST || undefined,
      AZURE_CLIENT_ID: env.AZURE_CLIENT_ID || undefined,
      AZURE_TENANT_ID: env.AZURE_TENANT_ID || undefined,
      AZURE_FEDERATED_TOKEN_FILE: env.AZURE_FEDERATED_TOKEN_FILE || undefined,
      AZURE_AUTHORITY_HOST: env.AZURE_AUTHORITY_HOST || undefined,
    },
    cloudEndpoint: endpoint(env, 'CLOUD_ENDPOINT', problems),
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function endpoint(env: Environment, key: string, problems: string[]): string | undefined {
  const text = env[key] || undefined;
  if (text !== undefined && !/^https?:\/\/[^/]+\/?$/.test(text)) {
    problems.push(`${key} is ${JSON.stringify(text)}: give an origin such as https://private.example.com`);
  }
  return text;
}

function integer(
  env: Environment,
  key: string,
  range: { readonly default: number; readonly min: number; readonly max: number },
  problems: string[],
): number {
  const text = env[key];
  if (text === undefined || text === '') return range.default;
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  problems.push(`${key} is ${JSON.stringify(text)}: give a whole number from ${range.min} to ${range.max}`);
  return range.default;
}

function oneOf<T extends string>(
  env: Environment,
  key: string,
  allowed: readonly T[],
  fallback: T,
  problems: string[],
): T {
  const text = env[key];
  if (text === undefined || text === '') return fallback;
  const value = allowed.find((candidate) => candidate === text);
  if (value === undefined) problems.push(`${key} is ${JSON.stringify(text)}: give one of ${allowed.join(', ')}`);
  return value ?? fallback;
}
