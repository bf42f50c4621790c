import type { Line } from '../cost/estimate.js';
import type { Cost, Finding, Policy } from './preview.js';

/** Of `proofs.sarif`, what a preview reads. */
export interface SarifLog {
  readonly runs: readonly {
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly logicalLocations: readonly { readonly fullyQualifiedName: string }[];
      }[];
      readonly suppressions?: readonly { readonly justification: string }[];
    }[];
  }[];
}

/** Of `cost.json`, what a preview reads. */
export interface CostFile {
  readonly costs: readonly {
    readonly environment: string;
    readonly currency: string;
    readonly lines: readonly Pick<Line, 'stack' | 'item' | 'monthly' | 'monthlyAtMost'>[];
  }[];
}

/** What was proved of one stack. */
export function policyOf({ runs }: SarifLog, stack: string): Policy {
  const mine = runs
    .flatMap(({ results }) => results)
    .map((result) => ({ result, name: result.locations[0]?.logicalLocations[0]?.fullyQualifiedName ?? '' }))
    .filter(({ name }) => name.startsWith(`${stack}/`));
  const findings = mine.flatMap(({ result, name }): readonly Finding[] => {
    if (result.level === 'none') return [];
    const [suppression] = result.suppressions ?? [];
    const verdict = suppression !== undefined ? 'waived' : result.level === 'warning' ? 'warn' : 'fail';
    const text = suppression === undefined ? result.message.text : suppression.justification;
    return [{ rule: result.ruleId, address: name.slice(stack.length + 1), verdict, text }];
  });
  return { facts: mine.length, holds: mine.length - findings.length, findings };
}

const linesOf = ({ costs }: CostFile, stack: string) =>
  costs.flatMap(({ lines }) => lines.filter((line) => line.stack === stack));

/** What one stack costs now, beside what it cost as it was last applied, if somebody kept that. */
export function costOf(now: CostFile, before: CostFile | null, stack: string): Cost {
  const lines = linesOf(now, stack);
  const earlier = before === null ? [] : linesOf(before, stack);
  const items = [...new Set([...lines, ...earlier].map(({ item }) => item))].map((item) => {
    const of = (all: typeof lines): number => sum(all.filter((line) => line.item === item).map((line) => line.monthly));
    return { item, monthly: of(lines) - of(earlier) };
  });
  const environment = now.costs.find((one) => stack.startsWith(`${one.environment}-`));
  return {
    currency: environment?.currency ?? 'USD',
    monthly: sum(lines.map(({ monthly }) => monthly)),
    monthlyAtMost: sum(lines.map(({ monthlyAtMost }) => monthlyAtMost)),
    before: before === null ? null : sum(earlier.map(({ monthly }) => monthly)),
    items: items
      .filter(({ monthly }) => Math.abs(monthly) >= CENT)
      .sort((a, b) => Math.abs(b.monthly) - Math.abs(a.monthly) || (a.item < b.item ? -1 : 1)),
  };
}

const CENT = 0.01;
const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
