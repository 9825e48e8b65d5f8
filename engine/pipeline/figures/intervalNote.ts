import { counted } from "../../figures/index.ts";
import type { PairRate } from "./rates.ts";

/** How sure rates of a table are, in a sentence: the layout of the paper has no room for it. */
export function intervalNote(rates: readonly PairRate[]): string {
  const halves = rates
    .map(({ low, high }) => (50 * (high - low)).toFixed(1))
    .map(Number)
    .filter(Number.isFinite);
  const [least, most] = [Math.min(...rates.map(({ n }) => n)), Math.max(...rates.map(({ n }) => n))];
  const n = least === most ? counted(most) : `${counted(least)} to ${counted(most)}`;
  const nSeeds = Math.max(...rates.map((rate) => rate.nSeeds));
  const seeds = nSeeds === 1 ? "one base seed, so the luck of training is not in them" : `${nSeeds} base seeds`;
  const width = halves.length === 0 ? "unknown" : `±${Math.min(...halves)} to ±${Math.max(...halves)} points`;
  return `95 % intervals of the adjusted rates are about ${width}, n = ${n}; ${seeds}. Each has its own in the table of win rates.`;
}
