/** A fraction in per cent with two decimals, as in the paper; a dash for a number that does not exist. */
export function percent(fraction: number | null): string {
  return fraction === null ? "–" : `${(100 * fraction).toFixed(2)} %`;
}

/** An interval of fractions in per cent. */
export function interval({ low, high }: { readonly low: number | null; readonly high: number | null }): string {
  return low === null || high === null ? "–" : `${(100 * low).toFixed(2)} to ${percent(high)}`;
}

/** A measured number with four significant digits; values that are not finite are named. */
export function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "not finite";
}
