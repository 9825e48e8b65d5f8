import type { PanelFigureSpec } from "../../figures/index.ts";
import type { FigureName } from "../../protocol/figureNames.ts";
import type { FigureFacts } from "./facts.ts";

/** Something that a figure needs and the run does not have, and how to get it. */
export interface Lack {
  /** The missing part, as a sentence without its full stop: "No arm has several soups as its reference". */
  readonly what: string;
  /** Lines of a config that would add it. */
  readonly snippet?: string;
  /** A command that would add it, after `salsa`: "figure line demo-1". */
  readonly command?: string;
}

/** A figure as far as the run goes; `spec` is absent where nothing can be drawn. */
export interface FigureState {
  readonly spec?: PanelFigureSpec;
  /** Everything that would make it whole. */
  readonly lacks: readonly Lack[];
}

/** A figure of the paper for a user's run. */
export interface PaperFigure {
  /** Name in commands, files and sections. */
  readonly name: FigureName;
  /** Where it stands in the paper: "Figure 2a and 2b". */
  readonly source: string;
  readonly title: string;
  /** Its content, in a sentence without its full stop. */
  readonly description: string;
  /** True if its numbers are measured by a command of its own, and not by the run. */
  readonly isMeasured?: true;
  draw(facts: FigureFacts): Promise<FigureState> | FigureState;
}
