import { RULES } from '../proofs/index.js';
import { type Check, pattern } from './checks.js';
import type { Environment, Problem, Waiver } from './environment.js';

/** What the spec refuses unless a waiver names it. Everything else it refuses, nobody may waive. */
export const WAIVABLE: Readonly<Record<string, string>> = {
  'CLUSTER-PUBLIC': 'an API server that answers outside of its network',
  'KEY-HSM': 'keys in software',
  'NET-EGRESS-ANY': 'a way out to everywhere',
  'NET-NAT': 'a way out that falls with one zone',
  'PG-DR': 'a database that its region takes with it',
  'PG-HA': 'a database that its zone takes with it',
  'PG-PITR': 'fewer days to restore any second of',
  'QDRANT-HA': 'vectors that a node takes with it, until they are indexed again',
  'REDIS-REPLICAS': 'a cache that a maintenance takes away',
};

/** As long as half a year: who needs it longer says so again. */
const LONGEST_DAYS = 180;
const DAY = 86_400_000;

/** `*` stands for anything; a name stands for itself. */
function covers({ rule, resource }: Waiver, problem: Problem): boolean {
  if (problem.waiver?.rule !== rule) return false;
  const literal = resource.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${literal}$`).test(problem.waiver.resource);
}

export interface Waived {
  /** What no waiver covers. */
  readonly open: readonly Problem[];
  readonly used: ReadonlySet<Waiver>;
}

/** An expired waiver covers nothing: what it covered is a problem again, beside its own. */
export function waive(waivers: readonly Waiver[], problems: readonly Problem[], today: Date): Waived {
  const standing = waivers.filter((waiver) => !isPast(waiver, today));
  const covering = (problem: Problem) => standing.find((waiver) => covers(waiver, problem));
  return {
    open: problems.filter((problem) => covering(problem) === undefined),
    used: new Set(problems.flatMap((problem) => covering(problem) ?? [])),
  };
}

/** On its last day it still holds. */
const isPast = ({ expires }: Waiver, today: Date): boolean => expires < today.toISOString().slice(0, 10);

export function checkWaivers({ waivers }: Environment, used: ReadonlySet<Waiver>, today: Date): readonly Check[] {
  const latest = new Date(today.getTime() + LONGEST_DAYS * DAY).toISOString().slice(0, 10);
  return waivers.flatMap((waiver, index) => {
    const at = `waivers[${index}]`;
    return [
      checkRule(at, waiver),
      pattern(`${at}.resource`, waiver.resource, /^[\w*./-]+$/, 'names nothing: the id that the error says'),
      pattern(
        `${at}.reason`,
        waiver.reason,
        /\S.{9,}/,
        'says too little for whoever reads it in half a year',
        '10 characters or more',
      ),
      pattern(`${at}.owner`, waiver.owner, /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'somebody must answer for it', 'an address'),
      checkEnd(at, waiver, today, latest),
      checkUse(at, waiver, used, today),
    ];
  });
}

const known = (): readonly string[] => [...new Set([...Object.keys(WAIVABLE), ...RULES.map(({ id }) => id)])].sort();

function checkRule(at: string, { rule }: Waiver): Check {
  if (known().includes(rule)) return undefined;
  return { path: `${at}.rule`, value: rule, message: 'no such rule', allowed: known().join(', ') };
}

function checkEnd(at: string, waiver: Waiver, today: Date, latest: string): Check {
  const { expires } = waiver;
  const path = `${at}.expires`;
  const allowed = `${today.toISOString().slice(0, 10)} to ${latest}`;
  const valid = /^\d{4}-\d{2}-\d{2}$/.test(expires) && !Number.isNaN(Date.parse(expires));
  if (!valid) return { path, value: expires, message: 'not a day', allowed };
  if (isPast(waiver, today)) return { path, value: expires, message: `waiver expired on ${expires}`, allowed };
  return expires > latest
    ? { path, value: expires, message: 'ends too late to be looked at again', allowed }
    : undefined;
}

/** Of the spec's own rules; the proofs say the same of theirs, when there is something to prove. */
function checkUse(at: string, waiver: Waiver, used: ReadonlySet<Waiver>, today: Date): Check {
  if (!(waiver.rule in WAIVABLE) || used.has(waiver) || isPast(waiver, today)) return undefined;
  const message = `waives nothing: ${waiver.rule} holds there; it would hide the next weakening`;
  return { path: at, value: `${waiver.rule} for ${waiver.resource}`, message, allowed: 'no such waiver' };
}
