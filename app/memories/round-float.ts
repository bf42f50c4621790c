/** Single precision has seven digits: 0.7 must not come back as 0.699999988079071. */
export const roundFloat = (value: number): number => Number(value.toPrecision(6));
