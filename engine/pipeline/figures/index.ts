import { DataError, DiskError } from "../../protocol/errors.ts";
import type { Palette } from "../../protocol/palette.ts";
import { readFacts } from "../report/facts.ts";
import { alpha } from "./alpha.ts";
import { collapse } from "./collapse.ts";
import { type FigureFacts, readFigureFacts } from "./facts.ts";
import type { FigureState, PaperFigure } from "./figure.ts";
import { front } from "./front.ts";
import { line } from "./line.ts";
import { members } from "./members.ts";
import { mkl } from "./mkl.ts";
import { plane } from "./plane.ts";
import { rewards } from "./rewards.ts";
import { warp } from "./warp.ts";
import { winRateBars } from "./winRateBars.ts";

export type { FigureState, Lack, PaperFigure } from "./figure.ts";
export { type FigureFacts, readFigureFacts } from "./facts.ts";

/** Every figure, in the order of the paper. Add yours here: command, report and dashboard follow. */
export const PAPER_FIGURES: readonly PaperFigure[] = [
  winRateBars,
  line,
  plane,
  rewards,
  alpha,
  mkl,
  members,
  front,
  collapse,
  warp,
];

/** A figure with what of it can be drawn. */
export interface RunFigure extends FigureState {
  readonly figure: PaperFigure;
}

/** Every figure of a run, or those of the given names, as far as the run goes. */
export async function runFigures(facts: FigureFacts, names?: readonly string[]): Promise<readonly RunFigure[]> {
  const figures: RunFigure[] = [];
  for (const figure of PAPER_FIGURES) {
    if (names?.includes(figure.name) !== false) figures.push({ figure, ...(await drawn(figure, facts)) });
  }
  return figures;
}

/** The data of one figure may be damaged, and the others are none the worse. */
async function drawn(figure: PaperFigure, facts: FigureFacts): Promise<FigureState> {
  try {
    return await figure.draw(facts);
  } catch (error) {
    if (error instanceof DataError || error instanceof DiskError) return { lacks: [{ what: error.message }] };
    throw error;
  }
}

/**
 * {@link runFigures} of a run's folder, in the looks of a palette where it is seen beside other runs, and of its root's
 * otherwise.
 * @throws {DataError} when it cannot be read.
 */
export async function figuresOfRun(
  folder: string,
  { names, palette }: { readonly names?: readonly string[] | undefined; readonly palette?: Palette } = {},
): Promise<readonly RunFigure[]> {
  return runFigures(await readFigureFacts(folder, await readFacts(folder, palette)), names);
}
