import { join } from 'node:path';
import { UnusableState } from '../unusable-state.js';
import { lastWords } from './last-words.js';
import { DemoError } from './state-folder.js';

/** For the person at the terminal: what happened and what to do about it. Stacks are for the log. */
export function explain(error: unknown, folder?: string): string {
  if (error instanceof DemoError || folder === undefined) return describe(error);
  if (error instanceof UnusableState) {
    return `${describe(error)}\nstart from nothing with npm run demo -- --fresh, which deletes what is in ${folder}; or set MEMPLANE_STATE to another folder`;
  }
  const said = lastWords(folder).map((words) => `\na pod ended with: ${words}`);
  const fresh =
    said.length === 0
      ? ''
      : '\nif that is because of what another version left, npm run demo -- --fresh starts from nothing';
  return `the demo failed: ${describe(error)}${said.join('')}${fresh}\nmore in ${join(folder, 'demo.log')}`;
}

/** Along the chain of causes, each said once. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = error instanceof AggregateError ? error.errors.map(describe) : [];
  const cause = error.cause === undefined ? '' : describe(error.cause);
  const own = cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
  return [own, ...parts].join('; ');
}
