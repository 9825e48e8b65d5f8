/** A fraction in percent: 0.5796 is "57.96"; "–" where there is none. */
export function percent(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? "–" : (value * 100).toFixed(digits);
}

/** A probability with four decimals; "<0.0001" below their resolution. */
export function pValue(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return value < 1e-4 ? "<0.0001" : value.toFixed(4);
}

/** A number with digits that suit its size, and a true minus sign: "−0.071", "12.3", "1.2e-7". */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e6 || size < 5e-4
      ? value.toExponential(1)
      : value.toFixed(size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  return text.replace(/^-/, "−");
}

/** Whole numbers with thousands apart: "100,000". */
export function whole(value: number): string {
  return value.toLocaleString("en-US");
}
