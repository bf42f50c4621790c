import { resolve } from 'node:path';

export interface DemoConfig {
  readonly folder: string;
  readonly check: boolean;
  readonly fresh: boolean;
  readonly json: boolean;
  readonly kubeconfig: string | undefined;
}

export const USAGE = `usage: npm run demo [-- options]

  --check             walk through it and end: exit 0 when everything is as promised, 1 when not
  --fresh             start from nothing instead of what the last run left
  --json              print what to connect to as JSON, for scripts
  --kubeconfig FILE   use this cluster instead of the embedded one (or MEMPLANE_KUBECONFIG)

  MEMPLANE_STATE      the folder that keeps the state (default .memplane)
`;

export class UsageError extends Error {}

/** Settings of the demo: from its arguments first, then from the environment. */
export function readDemoConfig(args: readonly string[], env = process.env): DemoConfig {
  const rest = [...args];
  const seen = { check: false, fresh: false, json: false };
  let kubeconfig = env.MEMPLANE_KUBECONFIG;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const flag = arg.replace(/^--/, '');
    if (arg === '--help' || arg === '-h') throw new UsageError(USAGE);
    if (flag === 'check' || flag === 'fresh' || flag === 'json') seen[flag] = true;
    else if (arg === '--kubeconfig' && rest[0] !== undefined) kubeconfig = rest.shift();
    else if (arg.startsWith('--kubeconfig=')) kubeconfig = arg.slice('--kubeconfig='.length);
    else throw new UsageError(`unknown option ${arg}\n\n${USAGE}`);
  }
  return {
    ...seen,
    folder: resolve(env.MEMPLANE_STATE ?? '.memplane'),
    kubeconfig: kubeconfig === undefined || kubeconfig === '' ? undefined : resolve(kubeconfig),
  };
}
