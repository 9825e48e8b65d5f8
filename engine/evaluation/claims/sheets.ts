import { probability } from "../tables/columns.ts";
import { NONE, type Sheet } from "../tables/sheet.ts";
import type { SeedEvidence } from "./evidence.ts";
import type { ClaimResult, ControlResult, Effect } from "./verdicts.ts";

const left = (header: string): Sheet["columns"][number] => ({ header, align: "left" });
const right = (header: string): Sheet["columns"][number] => ({ header, align: "right" });

/** Decimals that a unit is read with. */
const DECIMALS = { points: 1, reward: 3, score: 3 } as const;

/** The claims with their verdicts, as people read them. */
export function claimsSheet(results: readonly ClaimResult[]): Sheet {
  return {
    columns: [
      ...[left("claim"), left("source"), right("effect"), right("95 % interval"), left("unit"), right("threshold")],
      ...[right("p (Holm)"), right("seeds"), left("verdict")],
    ],
    rows: results.map(({ claim, source, unit, threshold, holm, nSeeds, verdict, ...effect }, at) => [
      ...[`${at + 1}. ${claim}`, source, ...effectCells({ ...effect, nSeeds }, DECIMALS[unit]), unit],
      ...[signed(threshold, 0), probability(holm), nSeeds, verdict],
    ]),
  };
}

/** The claims with every digit, for programs. */
export function exactClaimsSheet(results: readonly ClaimResult[]): Sheet {
  const fields = ["effect", "low", "high", "threshold", "p", "holm", "nSeeds"] as const;
  return {
    columns: [left("name"), left("claim"), left("unit"), ...fields.map(right), left("verdict")],
    rows: results.map((result) => {
      const numbers = fields.map((field) => (Number.isFinite(result[field]) ? result[field] : null));
      return [result.name, result.claim, result.unit, ...numbers, result.verdict];
    }),
  };
}

/** Win rates against PPO over both benchmarks, with the controls. */
export function controlsSheet(results: readonly ControlResult[]): Sheet {
  return {
    columns: [left("against PPO, both benchmarks"), right("points above 50"), right("95 % interval"), right("p")],
    rows: results.map(({ control, ...effect }) => [
      ...[control, ...effectCells(effect, DECIMALS.points), probability(effect.p)],
    ]),
  };
}

/** The β of every arm, seed by seed. */
export function betasSheet(seeds: readonly SeedEvidence[]): Sheet {
  const arms = seeds[0]?.betas.map(({ arm }) => arm) ?? [];
  const cell = (seed: SeedEvidence, arm: string): string => {
    const found = seed.betas.find((one) => one.arm === arm);
    if (found === undefined) return NONE;
    return `${Number(found.beta.toPrecision(4))}${found.isInside ? "" : " (edge)"}`;
  };
  return {
    columns: [right("seed"), ...arms.map(right)],
    rows: seeds.map((seed) => [seed.seed, ...arms.map((arm) => cell(seed, arm))]),
  };
}

function effectCells({ effect, low, high }: Effect, decimals: number): readonly [string, string] {
  const interval = Number.isFinite(low + high) ? `${signed(low, decimals)} to ${signed(high, decimals)}` : NONE;
  return [signed(effect, decimals), interval];
}

function signed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return NONE;
  const text = value.toFixed(decimals);
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(0(\.0+)?)$/, "$1");
}
