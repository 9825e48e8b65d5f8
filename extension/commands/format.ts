const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Memory in binary units, as the engine counts it: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const unit = bytes < 1024 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${unit === 0 ? bytes : (bytes / 1024 ** unit).toFixed(1)} ${BYTES[unit] ?? ""}`;
}

/** Counts with a thousands comma: `861,312`. */
export function formatCount(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

const STEPS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** How long ago a time was, in the editor's language: "3 minutes ago". */
export function formatAgo(time: number, { now, locale }: { readonly now: number; readonly locale: string }): string {
  const seconds = Math.max(0, (now - time) / 1000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const [unit, length] = STEPS.find(([, least]) => seconds >= least) ?? ["second", 1];
  return format.format(-Math.floor(seconds / length), unit);
}
