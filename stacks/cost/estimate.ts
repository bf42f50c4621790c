import { type PriceBook, priceIn, readBook } from '../prices/book.js';
import { allResources, type Resource, type StackJson } from '../proofs/terraform-json.js';
import type { Environment, Place } from '../spec/environment.js';
import { AWS } from './aws.js';
import { AZURE } from './azure.js';
import type { Charge, Tariff } from './charge.js';
import { GCP } from './gcp.js';
import { type Locked, lockedCost } from './locked.js';
import { unseenCharges } from './unseen.js';

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
      const region = regionOf(resource, place);
      return charges.map((charge) => ({ stack: name, address: resource.address, region, charge }));
    }),
  );
  const unseen = stacks
    .filter(({ name }) => name.endsWith('-plane'))
    .flatMap(({ name: stack }) => unseenCharges(environment).map((one) => ({ stack, region: place.region, ...one })));
  const lines = [...charged, ...unseen].flatMap(({ stack, address, region, charge }): readonly Line[] => {
    const price = priceIn(book, region, charge.item);
    if (price !== undefined) return [lineOf(stack, address, charge, price.unit, price.price * rate)];
    const missing = book.regions[region] === undefined ? `prices of ${region}` : `price of ${charge.item}`;
    problems.add(`prices.book ${book.cloud}-${book.date} has no ${missing} (${stack}: ${address})`);
    return [];
  });
  return {
    environment: `${place.cloud}-${environment.name}`,
    book: { date: book.date, region: place.region, source: book.source },
    currency: prices.currency,
    lines,
    monthly: sum(lines.map((line) => line.monthly)),
    monthlyAtMost: sum(lines.map((line) => line.monthlyAtMost)),
    locked: lockedCost(environment, (item) => (priceIn(book, place.region, item)?.price ?? 0) * rate),
    unpriced: unpricedTypes(TARIFFS[place.cloud], stacks),
    problems: [...problems],
  };
}

/** AWS says it by its provider, the others by their location; what stands nowhere is paid where the plane is. */
function regionOf({ attributes }: Resource, { cloud, region, replicaRegion }: Place): string {
  const there =
    cloud === 'aws'
      ? attributes.provider === 'aws.replica'
      : (attributes.location ?? attributes.region) === replicaRegion;
  return there ? replicaRegion : region;
}

function lineOf(stack: string, address: string, charge: Charge, unit: string, price: number): Line {
  const { item, quantity, atMost = quantity } = charge;
  return { stack, address, item, unit, quantity, price, monthly: quantity * price, monthlyAtMost: atMost * price };
}

const unpricedTypes = ({ rules, free }: Tariff, stacks: readonly NamedStack[]): readonly string[] => {
  const types = new Set(stacks.flatMap(({ json }) => Object.keys(json.resource)));
  return [...types].filter((type) => rules[type] === undefined && !free.some((pattern) => pattern.test(type))).sort();
};

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
