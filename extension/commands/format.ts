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
