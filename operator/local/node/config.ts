/** What a pod's process inherits from this machine: enough to find programs and a home, never the agent's own settings. */
export interface HostEnvironment {
  readonly PATH: string;
  readonly HOME: string;
  readonly [name: string]: string;
}

const INHERITED = ['LANG', 'TZ', 'TMPDIR'] as const;

export function readHostEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): HostEnvironment {
  const host: HostEnvironment = { PATH: env.PATH ?? '/usr/local/bin:/usr/bin:/bin', HOME: env.HOME ?? '/' };
  const extra = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...host, ...Object.fromEntries(extra) };
}
