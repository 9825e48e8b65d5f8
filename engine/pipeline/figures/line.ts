import { NEUTRAL, type XYPoint, counted } from "../../figures/index.ts";
import { meanInterval } from "../../evaluation/statistics/mean.ts";
import { promptIntervalWords } from "./estimates.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, PaperFigure } from "./figure.ts";
import { notMeasured, seedsLack } from "./lacks.ts";
import { type MeasuredSet, measuredSets, newestSets } from "./measured.ts";

/** Half the width of a 95 % interval, in standard errors of a mean over many prompts. */
export const NORMAL_95 = 1.96;

/** Figures 2a and 2b: mean reward along the line through two SFTs, and beyond its ends. */
export const line: PaperFigure = {
  name: "line",
  source: "Figures 2a and 2b",
  title: "Reward along the line",
  description: "Mean reward of soups (1 − α)·first + α·second of two SFTs, before any RLHF, between them and beyond",
  isMeasured: true,
  draw,
};

function draw({ id, config, points }: FigureFacts): FigureState {
  if (config.sft.seeds.length < 2) return { lacks: [seedsLack(config, 2)] };
  const sets = newestSets(measuredSets(points, "line"));
  const [first] = sets;
  if (first === undefined) return { lacks: [notMeasured("line", id)] };
  const [from = "", to = ""] = first.of;
  const measured = pointsOf(sets);
  const nSeeds = Math.max(...measured.map((point) => point.nSeeds));
  return {
    spec: {
      title: "Mean reward along the line",
      caption: `Soups (1 − α)·${from} + α·${to}, before RLHF; each answers ${counted(first.n)} prompts (${first.prompts}) with the same random numbers, scored by the run's reward model. ${promptIntervalWords(nSeeds)}`,
      panels: [
        {
          kind: "xy",
          title: "",
          x: { label: "α" },
          y: { label: "Mean reward" },
          series: [{ name: `soups of ${from} and ${to}`, color: NEUTRAL, look: "line", points: measured }],
          marks: [
            { axis: "x", at: 0, label: from },
            { axis: "x", at: 1, label: to },
          ],
        },
      ],
    },
    lacks: [],
  };
}

/** By α; of several seeds the mean over those that were measured there. */
function pointsOf(sets: readonly MeasuredSet[]): readonly XYPoint[] {
  const byShare = new Map<number, { rewards: number[]; se: number; n: number; tokens: number }>();
  for (const { soups, n } of sets) {
    for (const { weights, reward, se, tokens } of soups) {
      const share = weights[1] ?? NaN;
      const held = byShare.get(share) ?? { rewards: [], se: 0, n: 0, tokens: 0 };
      byShare.set(share, { rewards: [...held.rewards, reward], se, n: held.n + n, tokens: held.tokens + tokens });
    }
  }
  return [...byShare]
    .map(([x, { rewards, se, n, tokens }]): XYPoint => {
      const nSeeds = rewards.length;
      const note = `${(tokens / nSeeds).toFixed(1)} tokens an answer`;
      if (nSeeds === 1) {
        const value = rewards[0] ?? NaN;
        return { x, value, low: value - NORMAL_95 * se, high: value + NORMAL_95 * se, se, n, nSeeds, note };
      }
      const { estimate, low, high } = meanInterval(rewards);
      return { x, value: estimate, low, high, n, nSeeds, note };
    })
    .toSorted((a, b) => a.x - b.x);
}
