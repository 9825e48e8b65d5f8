import { panelFigure } from "../../engine/figures/index.ts";
import { PAPER_FIGURES } from "../../engine/pipeline/figures/index.ts";
import type { FigurePoint } from "../../engine/storage/formats/figurePoints.ts";
import { factsOf, PAPER_ARMS } from "../engine/pipeline/figures/states.ts";

const FACTS = factsOf(PAPER_ARMS);

/** Draws the figures that are measured from points that may come from anybody. */
export async function drawMeasured(points: readonly FigurePoint[]): Promise<void> {
  for (const figure of PAPER_FIGURES.filter(({ isMeasured }) => isMeasured === true)) {
    const { spec } = await figure.draw({ ...FACTS, points });
    if (spec !== undefined) panelFigure(spec);
  }
}
