import type { PlatformOptions } from './manifests/platform/options.js';

export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`the charts cannot be written:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const MAX_REPLICAS = 5;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const IMAGE = /^[a-z0-9][a-zA-Z0-9._:/@-]*$/;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** What a platform team sets when it writes the charts; all problems at once, each naming its key. */
export function readConfig(version: string, env: Environment = process.env): PlatformOptions {
  const problems: string[] = [];
  const text = (key: string, fallback: string, pattern: RegExp, allowed: string): string => {
    const value = env[key] || fallback;
    if (!pattern.test(value)) problems.push(`${key} is ${JSON.stringify(value)}: give ${allowed}`);
    return value;
  };
  const image = text('MEMPLANE_OPERATOR_IMAGE', 'memplane/operator', IMAGE, 'an image name, without a tag');
  const tag = text('MEMPLANE_VERSION', version, TAG, 'the tag of an image');
  const replicas = Number(
    text('MEMPLANE_OPERATOR_REPLICAS', '2', /^[1-5]$/, `a whole number from 1 to ${MAX_REPLICAS}`),
  );
  const given = env.MEMPLANE_LOG_LEVEL || 'info';
  const logLevel = LEVELS.find((level) => level === given);
  if (logLevel === undefined) {
    problems.push(`MEMPLANE_LOG_LEVEL is ${JSON.stringify(given)}: give one of ${LEVELS.join(', ')}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({ image, version: tag, replicas, logLevel: logLevel ?? 'info' });
}
