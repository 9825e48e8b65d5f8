import { tickText } from "../ticks.ts";
import type { Estimate, PanelAxis } from "./spec.ts";

/** A value as an axis has it, with a unit of its own. */
export function axisValue(value: number, { format }: PanelAxis): string {
  return format === "percent" ? `${(100 * value).toFixed(1)} %` : short(value);
}

/** A tick of an axis. */
export function axisTick(value: number, { format }: PanelAxis): string {
  return format === "percent" ? tickText(Number((100 * value).toPrecision(6))) : tickText(value);
}

/** Three digits after the first that counts, as tables have them. */
function short(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** "54.0 % (52.1 to 56.0), n = 1,024, one seed, β 0.2": what hovering says of an estimate. */
export function estimateText({ value, low, high, n, nSeeds, note }: Estimate, axis: PanelAxis): string {
  const end = (one: number): string => axisValue(one, axis).replace(" %", "");
  const interval = low === undefined || high === undefined ? "" : ` (${end(low)} to ${end(high)})`;
  const parts = [`${axisValue(value, axis)}${interval}`, `n = ${counted(n)}`, seedText(nSeeds)];
  return [...parts, ...(note === undefined ? [] : [note])].join(", ");
}

/** "one seed", "4 seeds". */
export function seedText(nSeeds: number): string {
  return nSeeds === 1 ? "one seed" : `${nSeeds} seeds`;
}

/** A count with its thousands. */
export function counted(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}
