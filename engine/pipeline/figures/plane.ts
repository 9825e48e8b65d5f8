import { type HeatPoint, counted } from "../../figures/index.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { notMeasured, seedsLack } from "./lacks.ts";
import { NORMAL_95 } from "./line.ts";
import { measuredSets } from "./measured.ts";
import { placeOfWeights } from "./measuring/plane.ts";

/** Figure 2c: mean reward over the plane of three SFTs, with the trained policies projected onto it. */
export const plane: PaperFigure = {
  name: "plane",
  source: "Figure 2c",
  title: "Reward over the plane",
  description:
    "Mean reward over the plane of three SFTs as a heat map with contours, and where trained policies lie on it",
  isMeasured: true,
  draw,
};

function draw({ id, config, points, roles }: FigureFacts): FigureState {
  if (config.sft.seeds.length < 3) return { lacks: [seedsLack(config, 3)] };
  const set = measuredSets(points, "plane").at(-1);
  if (set?.plane === undefined) return { lacks: [notMeasured("plane", id)] };
  const { plane: grid, soups, n, seed } = set;
  const measured = soups.map(({ weights, reward, se }): HeatPoint => {
    const note = `weights ${weights.map((one) => one.toFixed(2)).join(", ")}`;
    return {
      ...placeOfWeights(grid, weights),
      ...{ value: reward, low: reward - NORMAL_95 * se, high: reward + NORMAL_95 * se, se, n, nSeeds: 1, note },
    };
  });
  const projected = grid.projected.map(({ name, x, y, distance, length }) => ({
    ...{ name, x, y, color: roles.find((role) => role.name === name)?.color ?? 0 },
    note: `${distance.toPrecision(3)} from the plane, ${length.toPrecision(3)} from ${set.of[0] ?? ""} in weight space`,
  }));
  const total = grid.columns * grid.rows;
  const lacks: Lack[] =
    soups.length < total
      ? [{ what: `${soups.length} of ${total} soups are measured`, command: `figure plane ${id}` }]
      : [];
  const isOne = config.seeds.length === 1;
  const ses = soups.map(({ se }) => se);
  return {
    spec: {
      title: "Mean reward over the plane of three SFTs",
      caption: `${counted(soups.length)} soups w1·${set.of[0] ?? ""} + w2·${set.of[1] ?? ""} + w3·${set.of[2] ?? ""} with w1 + w2 + w3 = 1, before RLHF; each answers n = ${counted(n)} prompts (${set.prompts}), scored by the run's reward model; standard errors over prompts are ${Math.min(...ses).toPrecision(2)} to ${Math.max(...ses).toPrecision(2)}. Rings: policies, projected onto the plane by least squares in weight space. ${isOne ? "One base seed" : `Base seed ${seed} of ${config.seeds.length}`}.`,
      panels: [
        {
          kind: "heat",
          title: "",
          measure: { label: "Mean reward" },
          plane: { label: "both axes: distance in weight space" },
          ...{ columns: grid.columns, rows: grid.rows, left: grid.left, bottom: grid.bottom, step: grid.step },
          points: measured,
          corners: grid.corners,
          // Those beyond the map would be drawn over what is around it.
          projected: projected.filter(({ x, y }) => isOn(grid, x, y)),
        },
      ],
    },
    lacks: [...lacks, ...beyond(projected.filter(({ x, y }) => !isOn(grid, x, y)))],
  };
}

function isOn(
  {
    columns,
    rows,
    left,
    bottom,
    step,
  }: {
    readonly columns: number;
    readonly rows: number;
    readonly left: number;
    readonly bottom: number;
    readonly step: number;
  },
  x: number,
  y: number,
): boolean {
  const half = step / 2;
  return (
    x >= left - half &&
    x <= left + (columns - 1) * step + half &&
    y >= bottom - half &&
    y <= bottom + (rows - 1) * step + half
  );
}

function beyond(outside: readonly { readonly name: string }[]): readonly Lack[] {
  return outside.length === 0
    ? []
    : [{ what: `Projected beyond the map: ${outside.map(({ name }) => name).join(", ")}` }];
}
