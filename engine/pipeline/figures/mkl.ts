import type { Bar } from "../../figures/index.ts";
import { intervalWords } from "../report/verdicts.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { mklLack, pairsLack, salsaLack } from "./lacks.ts";
import { adjustedEstimate, benchmarksOf, pairRate } from "./rates.ts";
import { comparedArms } from "./roles.ts";

/** Figure 4b: SALSA and multi-KL against the SFT, and against PPO where that was judged. */
export const mkl: PaperFigure = {
  name: "mkl",
  source: "Figure 4b",
  title: "SALSA and multi-KL",
  description: "Adjusted win rates of SALSA and of multi-KL (equation 5) against the SFT, or against PPO",
  draw,
};

function draw({ roles, winRates, config }: FigureFacts): FigureState {
  const { ppo, salsa, mkl: multi, sft } = comparedArms(roles);
  if (salsa === undefined || multi === undefined || sft === undefined) {
    return {
      lacks: [...(salsa === undefined ? [salsaLack(config)] : []), ...(multi === undefined ? [mklLack(config)] : [])],
    };
  }
  const opponents = [sft, ...(ppo === undefined ? [] : [ppo.name])];
  const lacks: Lack[] = [];
  const panels = opponents.flatMap((opponent) => {
    const groups = benchmarksOf(winRates).flatMap((benchmark) => {
      const bars = [salsa, multi].flatMap(({ name, color }): readonly Bar[] => {
        const rate = pairRate(winRates, benchmark, name, opponent);
        return rate === undefined ? [] : [{ name, color, ...adjustedEstimate(rate) }];
      });
      return bars.length === 0 ? [] : [{ name: benchmark, bars }];
    });
    const missing = [salsa, multi].filter(
      ({ name }) => !groups.some(({ bars }) => bars.some((bar) => bar.name === name)),
    );
    if (missing.length > 0) lacks.push(pairsLack(missing.map(({ name }) => [name, opponent] as const)));
    if (groups.length === 0) return [];
    const y = { label: `Adjusted win rate against ${opponent}`, format: "percent" } as const;
    return [{ kind: "bars", title: `against ${opponent}`, y, groups, reference: 0.5 } as const];
  });
  if (panels.length === 0) return { lacks };
  const rows = winRates.filter(({ seed, n }) => seed === "all" && n > 0);
  const bars = panels.flatMap(({ groups }) => groups.flatMap((group) => group.bars));
  const [most, nSeeds] = [Math.max(...bars.map(({ n }) => n)), Math.max(...bars.map((bar) => bar.nSeeds))];
  return {
    spec: {
      title: `${salsa.name} and ${multi.name}`,
      caption: `Multi-KL averages the KL to ${multi.reference.join(" and ")} where SALSA has the KL to their soup. The paper's figure is against the SFT, its table 5 against PPO. A tie counts as half a win; dashed: 50 %. Whiskers: ${intervalWords(rows)}; n = ${most.toLocaleString("en-US")} at most; ${nSeeds > 1 ? `${nSeeds} base seeds` : "one base seed"}.`,
      panels,
    },
    lacks,
  };
}
