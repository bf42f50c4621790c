import { resolve } from 'node:path';

export interface DemoConfig {
  readonly folder: string;
  readonly check: boolean;
  readonly fresh: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly kubeconfig: string | undefined;
}

export const USAGE = `usage: npm run demo [-- options]

  --check             walk through it and end: exit 0 when everything is as promised, 1 when not
  --fresh             start from nothing: what the last run left is deleted
  --json              print what to connect to as JSON on standard output, everything else on standard error
  --kubeconfig FILE   use this cluster instead of the embedded one (or MEMPLANE_KUBECONFIG)
  --help              print this

  MEMPLANE_STATE      the folder that keeps the state (default .memplane)

exit codes: 0 ended by Ctrl-C once it was ready, or all checks passed; 1 something failed; 2 an option is wrong;
            130 interrupted before that (143 by SIGTERM, 129 by SIGHUP)
`;

export class UsageError extends Error {}

const FLAGS = ['check', 'fresh', 'json', 'help'] as const;

/** Settings of the demo: from its arguments first, then from the environment. */
export function readDemoConfig(args: readonly string[], env = process.env): DemoConfig {
  const rest = [...args];
  const seen = { check: false, fresh: false, json: false, help: false };
  let kubeconfig = env.MEMPLANE_KUBECONFIG;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const flag = FLAGS.find((name) => arg === `--${name}` || (arg === '-h' && name === 'help'));
    if (flag !== undefined) seen[flag] = true;
    else if (arg.startsWith('--kubeconfig=')) kubeconfig = arg.slice('--kubeconfig='.length);
    else if (arg === '--kubeconfig') {
      kubeconfig = rest.shift();
      if (kubeconfig === undefined) throw new UsageError(`--kubeconfig needs the path of a file\n\n${USAGE}`);
    } else throw new UsageError(`unknown option ${arg}\n\n${USAGE}`);
  }
  return {
    ...seen,
    // An empty value is no folder: it would be the current one.
    folder: resolve(env.MEMPLANE_STATE || '.memplane'),
    kubeconfig: kubeconfig === undefined || kubeconfig === '' ? undefined : resolve(kubeconfig),
  };
}
