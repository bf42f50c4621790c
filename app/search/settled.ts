import type { ChangeWatch, Moment } from '../memories/changes.js';
import { STATUS_ACTIVE } from '../memories/rows.js';
import { maySee } from '../memories/visibility.js';
import type { Proposal } from '../vectors/vector-store.js';
import type { Candidate } from './candidate.js';
import type { SearchDeps } from './search-deps.js';
import type { SearchSpace } from './space.js';

/** What one statement has said of a proposal, asked at this revision of changes. */
export interface Seen {
  readonly proposal: Proposal;
  readonly stamps: ReadonlyMap<string, string>;
  readonly since: number;
}

interface Settled {
  /** Until a change is told the index knows every vector of the space, and no row waits for one. */
  readonly revision: number;
  /** In the index, and not among what is found: superseded, expired or held back. */
  readonly absent: Set<string>;
}

/** So many spaces are remembered, and so many rows of each that are not found. */
const MOST_SPACES = 5_000;
const MOST_ABSENT = 1_000;

const spaces = new WeakMap<ChangeWatch, Map<string, Settled>>();

/** Of somebody who sees nothing else than what is in their partitions these say all. */
const nameOf = ({ partitions }: SearchSpace): string => partitions.join();

const settledOf = ({ changes }: SearchDeps, space: SearchSpace): Settled | undefined => {
  const settled = space.isPlain ? spaces.get(changes)?.get(nameOf(space)) : undefined;
  return settled?.revision === changes.revision() ? settled : undefined;
};

/** The revision of changes, when a look that tells of nothing else is all that a search of this space needs of the database. */
export const settledSince = (deps: SearchDeps, space: SearchSpace): number | undefined =>
  settledOf(deps, space)?.revision;

/** Remembers that the statement found nothing new, unless something has been told since it was sent. */
export const settle = ({ changes }: SearchDeps, space: SearchSpace, { proposal, stamps, since }: Seen): void => {
  if (!space.isPlain || changes.revision() !== since) return;
  const known = spaces.get(changes) ?? new Map<string, Settled>();
  spaces.set(changes, known);
  const name = nameOf(space);
  const before = known.get(name);
  const absent = before?.revision === since && before.absent.size < MOST_ABSENT ? before.absent : new Set<string>();
  for (const { id } of proposal.hits) if (!stamps.has(id)) absent.add(id);
  if (known.size >= MOST_SPACES) known.clear();
  known.set(name, { revision: since, absent });
};

interface Looked {
  readonly proposal: Proposal;
  /** Of before the index was asked. */
  readonly since: number;
  readonly moment: Moment;
  readonly count: number;
}

/** The nearest rows where all of them are remembered and nothing has changed until this moment. */
export const recallKnown = (
  deps: SearchDeps,
  space: SearchSpace,
  { proposal, since, moment, count }: Looked,
): readonly Candidate[] | undefined => {
  const settled = settledOf(deps, space);
  if (settled?.revision !== since) return undefined;
  const found: Candidate[] = [];
  for (const { id, score } of proposal.hits) {
    if (found.length === count) break;
    if (settled.absent.has(id)) continue;
    const read = deps.reader.current(id, moment);
    if (read === undefined) return undefined;
    const { row, memory } = read;
    if (row.status !== STATUS_ACTIVE || !maySee(space.viewer, row)) continue;
    found.push({ row, memory, semantic: score, keyword: null, matched: [] });
  }
  return found.length < count && !proposal.exhausted ? undefined : found;
};
