/** Memory in binary units, as the engine counts it: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** Counts with a thousands comma: `861,312`. */
export function formatCount(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}
