import { bookDates, readBook } from '../prices/book.js';
import { type Check, oneOf } from './checks.js';
import type { Environment, Place } from './environment.js';
import { REGIONS } from './regions.js';

export function checkPrices({ place, prices, promises }: Environment): readonly Check[] {
  const { book, currency, assumptions } = prices;
  const { monthlyBudget } = promises;
  return [
    oneOf('prices.book', book, bookDates(place.cloud)),
    ...checkRegions(place, book),
    oneOf('prices.currency', currency, ['USD', 'EUR']),
    positive('prices.assumptions.tenants', assumptions.tenants),
    positive('prices.assumptions.ingestGbPerDay', assumptions.ingestGbPerDay),
    monthlyBudget === undefined ? undefined : positive('promises.monthlyBudget', monthlyBudget),
  ];
}

const positive = (path: string, value: number): Check =>
  Number.isFinite(value) && value > 0
    ? undefined
    : { path, value, message: 'not a number above 0', allowed: 'above 0' };

/** A region that no book knows would cost nothing in the estimate. One that no cloud has is said where it is named. */
function checkRegions({ cloud, region, replicaRegion }: Place, book: string): readonly Check[] {
  if (!bookDates(cloud).includes(book)) return [];
  const priced = readBook(cloud, book).regions;
  return [...new Set([region, replicaRegion])]
    .filter((one) => REGIONS[cloud].includes(one) && priced[one] === undefined)
    .map((one) => ({
      path: 'prices.book',
      value: book,
      message: `the book of ${cloud} has no prices of ${one}`,
      allowed: `a book with ${one} in its regions: stacks/prices/${cloud}-<day>.json`,
    }));
}
