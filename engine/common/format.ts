/** Memory in binary units, as the engine counts it: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const { value, unit } = scaled(bytes, 1024, 1024);
  return `${unit === 0 ? value : value.toFixed(1)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit] ?? ""}`;
}

/** Files in powers of 1000, as file managers count: `424 kB`, `1.2 GB`. */
export function formatFileSize(bytes: number): string {
  const { value, unit } = scaled(bytes, 1000, 999.5);
  const isWhole = unit === 0 || value >= 100;
  return `${isWhole ? value.toFixed(0) : value.toFixed(1)} ${["B", "kB", "MB", "GB", "TB"][unit] ?? ""}`;
}

/** A number below `limit` and the power of `base` that it is counted in, the fourth at most. */
function scaled(bytes: number, base: number, limit: number): { readonly value: number; readonly unit: number } {
  let value = bytes;
  let unit = 0;
  while (value >= limit && unit < 4) {
    value /= base;
    unit++;
  }
  return { value, unit };
}

/** Seconds as people say them: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${padded(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
}

function padded(n: number): string {
  return String(n).padStart(2, "0");
}

/** Counts with a thousands comma: `861,312`. */
export function formatCount(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** A text with its values: `{0}` stands for the first. Placeholders without a value stay as they are. */
export function filledIn(template: string, values: readonly (string | number)[]): string {
  return template.replace(/\{(\d+)\}/g, (whole, index) => String(values[Number(index)] ?? whole));
}

/** Puts a text, known by its English, into another language; `{0}` stands for the first value. */
export type Translate = (text: string, ...values: readonly (string | number)[]) => string;

/** Leaves a text as it is, with its values. */
export const inEnglish: Translate = (text, ...values) => filledIn(text, values);

/** A table's cell as people read it: four significant digits, without zeros that say nothing, counts in full; a dash for none. */
export function cellText(cell: string | number | null): string {
  if (cell === null || Number.isNaN(cell)) return "–";
  if (typeof cell === "string") return cell;
  return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(4)));
}
