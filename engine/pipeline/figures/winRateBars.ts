import type { Bar } from "../../figures/index.ts";
import { intervalWords } from "../report/verdicts.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { ppoLack, pairLack, salsaLack } from "./lacks.ts";
import { adjustedEstimate, benchmarksOf, mirrored, pairRate } from "./rates.ts";
import { comparedArms } from "./roles.ts";

/** Figure 1: adjusted win rates of SALSA and PPO against each other, a group of bars for each benchmark. */
export const winRateBars: PaperFigure = {
  name: "winRates",
  source: "Figure 1",
  title: "SALSA against PPO",
  description: "Adjusted win rates of SALSA and PPO against each other on every benchmark",
  draw,
};

function draw({ roles, winRates, config }: FigureFacts): FigureState {
  const { ppo, salsa } = comparedArms(roles);
  const lacks: Lack[] = [
    ...(ppo === undefined ? [ppoLack(config)] : []),
    ...(salsa === undefined ? [salsaLack(config)] : []),
  ];
  if (ppo === undefined || salsa === undefined) return { lacks };
  const found = benchmarksOf(winRates).flatMap((benchmark) => {
    const rate = pairRate(winRates, benchmark, salsa.name, ppo.name);
    return rate === undefined ? [] : [{ benchmark, rate }];
  });
  if (found.length === 0) return { lacks: [pairLack(winRates, salsa.name, ppo.name)] };
  const groups = found.map(({ benchmark, rate }) => ({
    name: benchmark,
    bars: [
      { name: salsa.name, color: salsa.color, ...adjustedEstimate(rate) },
      { name: ppo.name, color: ppo.color, ...adjustedEstimate(mirrored(rate)) },
    ] satisfies Bar[],
  }));
  const nSeeds = Math.max(...found.map(({ rate }) => rate.nSeeds));
  const rows = winRates.filter(({ seed, n }) => seed === "all" && n > 0);
  const counts = found.map(({ benchmark, rate }) => `${benchmark} n = ${rate.n.toLocaleString("en-US")}`).join(", ");
  return {
    spec: {
      title: `${salsa.name} against ${ppo.name}`,
      caption: `Adjusted win rate: a tie counts as half a win, and both bars of a group add up to 100 %. Dashed: 50 %, no difference. Whiskers: ${intervalWords(rows)}; ${counts}; ${nSeeds > 1 ? `${nSeeds} base seeds` : "one base seed"}.`,
      panels: [
        { kind: "bars", title: "", y: { label: "Adjusted win rate", format: "percent" }, groups, reference: 0.5 },
      ],
    },
    lacks: [],
  };
}
