/** A measured number with four significant digits. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
