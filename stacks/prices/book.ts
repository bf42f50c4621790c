import { readdirSync, readFileSync } from 'node:fs';
import type { Place } from '../spec/environment.js';

export interface Price {
  readonly unit: string;
  readonly price: number;
}

export type Currency = 'USD' | 'EUR';

/** What a cloud charged in one region on one day. A book never changes; a new day is a new file. */
export interface PriceBook {
  readonly cloud: Place['cloud'];
  /** `2026-11-01` */
  readonly date: string;
  readonly region: string;
  readonly currency: Currency;
  /** What one unit of `currency` is in others. */
  readonly rates: Readonly<Record<Currency, number>>;
  /** Where the prices come from and what they are good for. */
  readonly source: string;
  readonly items: Readonly<Record<string, Price>>;
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
