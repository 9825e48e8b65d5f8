import { meanInterval } from "../../evaluation/statistics/mean.ts";
import { type XYPoint, type XYSeries, counted } from "../../figures/index.ts";
import { promptIntervalWords } from "./estimates.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, PaperFigure } from "./figure.ts";
import { notMeasured } from "./lacks.ts";
import { NORMAL_95 } from "./line.ts";
import { type MeasuredSet, measuredSets } from "./measured.ts";

/**
 * WARP's front: policies interpolated back to their start, (1 − η)·start + η·policy, reward against KL to the start.
 *
 * Ramé et al. 2024 (arXiv:2406.16768), "linear interpolation towards initialization".
 */
export const warp: PaperFigure = {
  name: "warp",
  source: "WARP (arXiv 2406.16768)",
  title: "Front back to the start",
  description: "Reward against KL to the start of policies interpolated back to it, (1 − η)·start + η·policy",
  isMeasured: true,
  draw,
};

function draw({ id, points, roles }: FigureFacts): FigureState {
  const sets = measuredSets(points, "warp");
  const newest = sets.at(-1);
  if (newest === undefined) return { lacks: [notMeasured("warp", id)] };
  const alike = sets.filter(({ prompts, n }) => prompts === newest.prompts && n === newest.n);
  const series = [...Map.groupBy(alike, ({ of }) => of[1] ?? "")].map(([name, own]): XYSeries => {
    const color = roles.find((role) => role.name === name)?.color ?? 0;
    return { name, color, look: "line", points: pointsOf(own) };
  });
  const nSeeds = Math.max(...series.flatMap((one) => one.points.map((point) => point.nSeeds)));
  return {
    spec: {
      title: "Policies interpolated back to their start",
      caption: `(1 − η)·${newest.of[0] ?? "start"} + η·policy; each answers ${counted(newest.n)} prompts (${newest.prompts}) with the same random numbers. KL: log π − log π_start, summed over the tokens of its own answers and averaged. ${promptIntervalWords(nSeeds)}`,
      panels: [
        {
          kind: "xy",
          title: "",
          x: { label: "KL to the start", unit: "nats per answer" },
          y: { label: "Mean reward" },
          series,
        },
      ],
    },
    lacks: [],
  };
}

function pointsOf(sets: readonly MeasuredSet[]): readonly XYPoint[] {
  const byShare = Map.groupBy(
    sets.flatMap(({ soups, n }) => soups.map((soup) => ({ ...soup, n }))),
    ({ weights }) => weights[1] ?? NaN,
  );
  return [...byShare]
    .toSorted(([a], [b]) => a - b)
    .map(([share, soups]): XYPoint => {
      const nSeeds = soups.length;
      const mean = (of: (soup: (typeof soups)[number]) => number): number =>
        soups.reduce((sum, soup) => sum + of(soup), 0) / nSeeds;
      const [{ reward, se } = { reward: NaN, se: NaN }] = soups;
      const { low, high } =
        nSeeds === 1
          ? { low: reward - NORMAL_95 * se, high: reward + NORMAL_95 * se }
          : meanInterval(soups.map((soup) => soup.reward));
      return {
        ...{ x: mean(({ kl = NaN }) => kl), value: mean((soup) => soup.reward), low, high },
        ...(nSeeds === 1 && { se }),
        ...{ n: soups.reduce((sum, { n }) => sum + n, 0), nSeeds, label: `η ${share}`, note: `η ${share}` },
      };
    });
}
