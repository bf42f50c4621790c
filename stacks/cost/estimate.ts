import { type PriceBook, readBook } from '../prices/book.js';
import { allResources, type StackJson } from '../proofs/terraform-json.js';
import type { Environment, Place } from '../spec/environment.js';
import { AWS } from './aws.js';
import { AZURE } from './azure.js';
import type { Charge, Tariff } from './charge.js';
import { GCP } from './gcp.js';
import { type Locked, lockedCost } from './locked.js';

const TARIFFS: Readonly<Record<Place['cloud'], Tariff>> = { aws: AWS, gcp: GCP, azure: AZURE };

export interface Line {
  readonly stack: string;
  readonly address: string;
  readonly item: string;
  readonly unit: string;
  readonly quantity: number;
  readonly price: number;
  readonly monthly: number;
  readonly monthlyAtMost: number;
}

export interface Estimate {
  /** `aws-prod` */
  readonly environment: string;
  readonly book: Pick<PriceBook, 'date' | 'region' | 'source'>;
  readonly currency: string;
  readonly lines: readonly Line[];
  readonly monthly: number;
  readonly monthlyAtMost: number;
  readonly locked: Locked;
  /** Types that nobody has said a price of, nor that they are free. */
  readonly unpriced: readonly string[];
  /** What keeps the estimate from being right, each naming what is missing. */
  readonly problems: readonly string[];
}

export interface NamedStack {
  readonly name: string;
  readonly json: StackJson;
}

/** What these stacks cost a month, resource by resource: at their smallest, and with everything scaled out. */
export function estimate(environment: Environment, stacks: readonly NamedStack[]): Estimate {
  const { place, prices } = environment;
  const book = readBook(place.cloud, prices.book);
  const rate = book.rates[prices.currency];
  const problems = new Set<string>();
  const charged = stacks.flatMap(({ name, json }) =>
    allResources(json).flatMap((resource) => {
      const rule = TARIFFS[place.cloud].rules[resource.type];
      const charges = rule?.({ resource, stack: json, environment }) ?? [];
      return charges.map((charge) => ({ stack: name, address: resource.address, charge }));
    }),
  );
  const volumes = stacks
    .filter(({ name }) => name.endsWith('-plane'))
    .flatMap(({ name }) => volumesOf(environment, name));
  const lines = [...charged, ...volumes].flatMap(({ stack, address, charge }): readonly Line[] => {
    const price = book.items[charge.item];
    if (price !== undefined) return [lineOf(stack, address, charge, price.unit, price.price * rate)];
    problems.add(`prices.book ${book.cloud}-${book.date} has no price of ${charge.item} (${stack}: ${address})`);
    return [];
  });
  return {
    environment: `${place.cloud}-${environment.name}`,
    book: { date: book.date, region: book.region, source: book.source },
    currency: prices.currency,
    lines,
    monthly: sum(lines.map((line) => line.monthly)),
    monthlyAtMost: sum(lines.map((line) => line.monthlyAtMost)),
    locked: lockedCost(environment, (item) => (book.items[item]?.price ?? 0) * rate),
    unpriced: unpricedTypes(TARIFFS[place.cloud], stacks),
    problems: [...problems],
  };
}

const DISKS: Readonly<Record<Place['cloud'], string>> = { aws: 'disk/gp3', gcp: 'disk/pd-ssd', azure: 'disk/premium' };

/** The cluster makes the volumes of the vector store, so no stack has them. */
const volumesOf = ({ place, qdrant: { nodes, diskGb } }: Environment, stack: string) => [
  { stack, address: 'volumes of qdrant', charge: { item: DISKS[place.cloud], quantity: nodes * diskGb } },
];

function lineOf(stack: string, address: string, charge: Charge, unit: string, price: number): Line {
  const { item, quantity, atMost = quantity } = charge;
  return { stack, address, item, unit, quantity, price, monthly: quantity * price, monthlyAtMost: atMost * price };
}

const unpricedTypes = ({ rules, free }: Tariff, stacks: readonly NamedStack[]): readonly string[] => {
  const types = new Set(stacks.flatMap(({ json }) => Object.keys(json.resource)));
  return [...types].filter((type) => rules[type] === undefined && !free.some((pattern) => pattern.test(type))).sort();
};

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
