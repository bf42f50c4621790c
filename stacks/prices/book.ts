import { readdirSync, readFileSync } from 'node:fs';
import type { Place } from '../spec/environment.js';

export interface Price {
  readonly unit: string;
  readonly price: number;
}

export type Currency = 'USD' | 'EUR';

export interface RegionPrices {
  /** Times what it costs in the book's own region. */
  readonly factor: number;
  /** Prices of their own, which no factor gives. */
  readonly items?: Readonly<Record<string, number>>;
}

/** What a cloud charged on one day, region by region. A book never changes; a new day is a new file. */
export interface PriceBook {
  readonly cloud: Place['cloud'];
  /** `2026-11-01` */
  readonly date: string;
  /** Whose prices `items` are. */
  readonly region: string;
  readonly currency: Currency;
  /** What one unit of `currency` is in others. */
  readonly rates: Readonly<Record<Currency, number>>;
  /** Where the prices come from and what they are good for. */
  readonly source: string;
  /** Kinds of items that cost the same in every region: what stands before the `/`. */
  readonly everywhere: readonly string[];
  readonly regions: Readonly<Record<string, RegionPrices>>;
  readonly items: Readonly<Record<string, Price>>;
}

/** undefined: the book has no such item, or knows nothing of the region. */
export function priceIn({ items, regions, everywhere }: PriceBook, region: string, item: string): Price | undefined {
  const [base, there] = [items[item], regions[region]];
  if (base === undefined || there === undefined) return undefined;
  const [kind = ''] = item.split('/');
  const own = there.items?.[item];
  return { unit: base.unit, price: own ?? base.price * (everywhere.includes(kind) ? 1 : there.factor) };
}

const HERE = new URL('./', import.meta.url);
const NAME = /^(aws|gcp|azure)-(\d{4}-\d\d-\d\d)\.json$/;

const read = new Map<string, PriceBook>();

/** Dates of the books of a cloud, oldest first. */
export const bookDates = (cloud: Place['cloud']): readonly string[] =>
  readdirSync(HERE)
    .flatMap((file) => {
      const [, of, date = ''] = NAME.exec(file) ?? [];
      return of === cloud ? [date] : [];
    })
    .sort();

export function readBook(cloud: Place['cloud'], date: string): PriceBook {
  const name = `${cloud}-${date}.json`;
  const known = read.get(name) ?? (JSON.parse(readFileSync(new URL(name, HERE), 'utf8')) as PriceBook);
  read.set(name, known);
  return known;
}
