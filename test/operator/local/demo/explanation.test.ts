import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain } from '../../../../operator/local/demo/explanation.js';
import { lastWords } from '../../../../operator/local/demo/last-words.js';
import { DemoError } from '../../../../operator/local/demo/state-folder.js';
import { UnusableState } from '../../../../operator/local/unusable-state.js';

describe('what the demo says when it fails', () => {
  it('tells every cause once, and where to read more, without a stack', () => {
    const error = new Error('it did not start', { cause: new Error('port 1 is closed') });
    expect(explain(error, '/state')).toBe(
      'the demo failed: it did not start: port 1 is closed\nmore in /state/demo.log',
    );
  });

  it('names what cannot be read of an earlier run, and how to go on', () => {
    const said = explain(new UnusableState('/state/cluster', new Error('/state/cluster/journal: line 7')), '/state');
    expect(said).toMatch(
      /^what an earlier run left in \/state\/cluster cannot be used: \/state\/cluster\/journal: line 7\n/,
    );
    expect(said).toMatch(/npm run demo -- --fresh, which deletes what is in \/state; or set MEMPLANE_STATE/);
  });

  it('repeats what a pod wrote when it ended, which is mostly why', () => {
    const folder = mkdtempSync(join(tmpdir(), 'memplane-words-'));
    const logs = join(folder, 'node/pods/1/logs/migrate');
    mkdirSync(logs, { recursive: true });
    writeFileSync(
      join(logs, '0.log'),
      '2026-01-01T00:00:00Z stdout F fine\n2026-01-01T00:00:01Z stderr F it was changed\n',
    );
    writeFileSync(join(logs, '1.log'), '2026-01-01T00:00:00Z stdout F fine\n');
    const said = explain(new Error('acme does not answer'), folder);
    expect(said).toMatch(/acme does not answer\na pod ended with: it was changed\n.*--fresh/);
    expect(lastWords(folder, Date.now() + 3_600_000)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it('lets a message that was written for people stand alone, and tells all of several', () => {
    expect(explain(new DemoError('stop the other one'), '/state')).toBe('stop the other one');
    expect(explain(new AggregateError([new Error('a'), 'b'], 'two'), undefined)).toBe('two; a; b');
  });
});
