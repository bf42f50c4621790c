import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { useLocalStates } from './stack-copy.js';

/** What `cdktf` runs under `npm run twin`: the app of `cdktf.json`, then local states in place of the backends. */
const [states = ''] = process.argv.slice(2);
const out = process.env.CDKTF_OUTDIR ?? 'cdktf.out';
execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
execFileSync(process.execPath, ['--no-experimental-detect-module', 'dist/stacks/main.js'], { stdio: 'inherit' });
useLocalStates(join(out, 'stacks'), states);
