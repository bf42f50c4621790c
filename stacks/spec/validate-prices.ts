import { bookDates } from '../prices/book.js';
import { type Check, oneOf } from './checks.js';
import type { Environment } from './environment.js';

export function checkPrices({ place, prices, promises }: Environment): readonly Check[] {
  const { book, currency, assumptions } = prices;
  const { monthlyBudget } = promises;
  return [
    oneOf('prices.book', book, bookDates(place.cloud)),
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
