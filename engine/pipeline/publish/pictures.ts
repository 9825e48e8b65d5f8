import { type Line, lineFigure } from "../../figures/index.ts";
import { rasterize } from "../../figures/raster/index.ts";
import { describeMetric } from "../../protocol/catalogue.ts";
import { ownValue } from "../../common/dictionary.ts";
import type { ModelPlace } from "../../storage/formats/models.ts";
import { type Figure, curveFigures } from "../report/curves.ts";
import type { RunFacts } from "../report/facts.ts";
import { winRateFigure } from "../report/forest.ts";
import { png } from "./png.ts";

/** A picture of a card. */
export interface CardPicture {
  /** In the repository: "figures/kl.png". */
  readonly path: string;
  readonly title: string;
  readonly content: Buffer;
}

/** Most comparisons of a model that are drawn; the table has them all. */
const MOST_ROWS = 60;

/** Metrics of trainings without RLHF, by the kind of stage. */
const LOSSES: Readonly<Record<string, readonly string[]>> = {
  sft: ["sft/loss"],
  reward: ["reward/loss", "reward/accuracy"],
  base: ["base/loss"],
};

/**
 * The training curves and win rates of a model. They are PNG: the hub's pages do not show SVG in every place, and not at
 * all through its image proxy.
 */
export function cardPictures(
  facts: RunFacts,
  model: ModelPlace,
): {
  readonly results: readonly CardPicture[];
  readonly curves: readonly CardPicture[];
} {
  const rows = facts.winRates.filter(({ a, b }) => a === model.product || b === model.product).slice(0, MOST_ROWS);
  return {
    results: winRateFigure(rows).map(asPicture),
    curves: [...armCurves(facts, model), ...lossCurves(facts, model)].map(asPicture),
  };
}

/** Curves of an RLHF training; of this model alone, over all base seeds. */
function armCurves({ state, choices, palette, config }: RunFacts, { product }: ModelPlace): readonly Figure[] {
  const stages = state.stages.filter((stage) => stage.product === product);
  const arm = ownValue(config.arms, product);
  const arms = arm === undefined ? {} : { [product]: arm };
  return curveFigures([{ facts: { state: { ...state, stages }, choices, palette, config: { arms } } }]);
}

function lossCurves({ state, palette }: RunFacts, { product, kind, seed }: ModelPlace): readonly Figure[] {
  return (LOSSES[kind] ?? []).flatMap((metric) => {
    const curves = state.stages.flatMap((stage) => {
      const isOurs = stage.kind === kind && stage.product === product && stage.seed === seed;
      const series = isOurs ? state.metrics[stage.id]?.[metric] : undefined;
      return series === undefined ? [] : [{ x: series.steps, y: series.values.map((value) => value ?? NaN) }];
    });
    if (curves.length === 0) return [];
    const { label, unit, description } = describeMetric(metric);
    const lines: readonly Line[] = [{ name: product, curves, place: ownValue(palette, product) }];
    const caption = `${description}. One training, one seed.`;
    const svg = lineFigure({ title: label, x: { label: "Step" }, y: { label, unit }, lines, caption });
    return [{ file: `figures/${metric.replaceAll("/", "-")}.svg`, title: label, svg }];
  });
}

function asPicture({ file, title, svg }: Figure): CardPicture {
  return { path: file.replace(/\.svg$/, ".png"), title, content: png(rasterize(svg)) };
}
