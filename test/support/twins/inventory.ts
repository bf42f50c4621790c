import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type Fields, isFields, type Value } from './wire.js';

interface Line {
  readonly type: string;
  readonly id: string;
  /** null: it was destroyed. */
  readonly state: Fields | null;
}

/** What else a person may call a resource by who imports it. */
const NAMES = ['arn', 'name', 'self_link', 'bucket', 'email', 'identifier'] as const;

/**
 * What exists in the cloud of a rehearsal, whatever a Terraform state knows of it: every apply is written down, so that
 * an import finds what a state forgot. Write-only arguments are not in it, as they are in no state.
 */
export class Inventory {
  private readonly file: string | undefined;
  private readonly lines: Line[] = [];

  /** Without a file it lasts as long as the twins run. */
  constructor(file?: string) {
    this.file = file;
  }

  keep(type: string, state: Value): void {
    if (isFields(state) && typeof state.id === 'string') this.write({ type, id: state.id, state });
  }

  drop(type: string, prior: Value): void {
    if (isFields(prior) && typeof prior.id === 'string') this.write({ type, id: prior.id, state: null });
  }

  find(type: string, id: string): Fields | undefined {
    const known = new Map<string, Fields>();
    for (const line of this.all()) {
      if (line.type !== type) continue;
      if (line.state === null) known.delete(line.id);
      else known.set(line.id, line.state);
    }
    return known.get(id) ?? [...known.values()].find((state) => NAMES.some((name) => state[name] === id));
  }

  private all(): readonly Line[] {
    if (this.file === undefined) return this.lines;
    if (!existsSync(this.file)) return [];
    const texts = readFileSync(this.file, 'utf8').split('\n');
    return texts.filter((text) => text !== '').map((text) => JSON.parse(text) as Line);
  }

  private write(line: Line): void {
    if (this.file === undefined) this.lines.push(line);
    else appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}
