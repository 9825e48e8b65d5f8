import { NEUTRAL, type Panel, type XYPoint } from "../../figures/index.ts";
import { betaWords } from "./chosenBeta.ts";
import type { FigureFacts } from "./facts.ts";
import type { Lack } from "./figure.ts";
import { pairsLack } from "./lacks.ts";
import { adjustedEstimate, benchmarksOf, pairRate } from "./rates.ts";
import type { ArmRole } from "./roles.ts";

/** Arms, and what their references are laid out by. */
export interface PpoSweep {
  readonly arms: readonly ArmRole[];
  readonly ppo: ArmRole;
  readonly facts: FigureFacts;
  /** Label of the horizontal axis, and of the line. */
  readonly axis: string;
  readonly line: string;
  /** Where an arm stands on the axis, and where PPO itself does. */
  readonly placeOf: (arm: ArmRole) => number;
  readonly ppoPlace: number;
}

/** A panel for each benchmark: the arms' adjusted win rates against PPO, which is at 50 % by definition. */
export function panelsAgainstPpo(sweep: PpoSweep): readonly Panel[] {
  return benchmarksOf(sweep.facts.winRates).flatMap((benchmark) => panelOf(benchmark, sweep));
}

function panelOf(benchmark: string, { arms, ppo, facts, axis, line, placeOf, ppoPlace }: PpoSweep): readonly Panel[] {
  const points = arms.flatMap((arm): readonly XYPoint[] => {
    const rate = pairRate(facts.winRates, benchmark, arm.name, ppo.name);
    if (rate === undefined) return [];
    const estimate = adjustedEstimate(rate, `${arm.name}, ${betaWords(arm, facts)}`);
    return [{ x: placeOf(arm), label: arm.name, color: arm.color, ...estimate }];
  });
  const [first] = points;
  if (first === undefined) return [];
  const start: XYPoint = {
    x: ppoPlace,
    value: 0.5,
    color: ppo.color,
    label: ppo.name,
    n: first.n,
    nSeeds: first.nSeeds,
    note: `${ppo.name} itself, by definition`,
  };
  return [
    {
      kind: "xy",
      title: benchmark,
      x: { label: axis },
      y: { label: `Adjusted win rate against ${ppo.name}`, format: "percent" },
      series: [{ name: line, color: NEUTRAL, look: "line", points: [start, ...points] }],
      marks: [{ axis: "y", at: 0.5 }],
    },
  ];
}

/** Arms that were compared with PPO on no benchmark, if there are any. */
export function uncomparedLacks(arms: readonly ArmRole[], ppo: ArmRole, { winRates }: FigureFacts): readonly Lack[] {
  const uncompared = arms.filter(({ name }) =>
    benchmarksOf(winRates).every((benchmark) => pairRate(winRates, benchmark, name, ppo.name) === undefined),
  );
  return uncompared.length === 0 ? [] : [pairsLack(uncompared.map(({ name }) => [name, ppo.name] as const))];
}

/** Most comparisons behind a point, and base seeds, for captions. */
export function comparisonWords(panels: readonly Panel[]): string {
  const points = panels.flatMap((panel) =>
    panel.kind === "xy" ? panel.series.flatMap((series) => series.points) : [],
  );
  const [most, nSeeds] = [Math.max(...points.map(({ n }) => n)), Math.max(...points.map((point) => point.nSeeds))];
  return `n = ${most.toLocaleString("en-US")} comparisons at most; ${nSeeds > 1 ? `${nSeeds} base seeds` : "one base seed"}`;
}
