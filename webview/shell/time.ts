import { t } from "../localize.ts";

/** Formats a duration: "45 s", "3 min 20 s", "2 h 05 min", "1 d 3 h". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 0.05) return t("under 0.1 s");
  if (seconds < 10) return t("{0} s", seconds < 0.95 ? seconds.toFixed(1) : whole);
  if (whole < 60) return t("{0} s", whole);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("{0} min {1} s", minutes, two(whole % 60));
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("{0} h {1} min", hours, two(minutes % 60));
  return t("{0} d {1} h", Math.floor(hours / 24), hours % 24);
}

/** Formats a duration compactly: "45 s", "3:20", "2:05:00". */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return duration(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

/** Made once, which takes a hundred times as long as writing a moment. */
const MOMENTS = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A moment in the reader's own zone and way of writing. */
export function moment(time: number): string {
  return MOMENTS.format(time);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
