import {
  DASHES,
  FIGURE_THEMES,
  type FigureTheme,
  type LineLook,
  lookAt,
  N_SHAPES,
} from "../../engine/figures/index.ts";
import { dictionary, ownValue } from "../../engine/common/dictionary.ts";
import { N_COLORS, type Palette, paletteNames, withPlaces } from "../../engine/protocol/palette.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { type LineName, lineNames } from "./lines.ts";

/** Dimension shown by colour: arms keep theirs in every view, and runs have marks; or runs have colours, and arms dashes. */
export type ColorBy = "arm" | "run";

/** How a line is drawn. */
export interface Look extends LineLook {
  /** Shape of the marks along it; undefined for none. */
  readonly shape: number | undefined;
}

/** Runs that marks tell apart well; those of the first have none. */
const MARKED_RUNS = 6;

/** With more runs than there are marks, colours distinguish the runs. */
export function colorByDefault(nRuns: number): ColorBy {
  return nRuns > MARKED_RUNS ? "run" : "arm";
}

/** Inputs that decide the looks of all lines. */
export interface LookSettings {
  /** All lines of the runs in focus. */
  readonly names: readonly LineName[];
  readonly palette: Palette;
  readonly colorBy: ColorBy;
  readonly theme: FigureTheme;
}

/**
 * The palette of the runs in focus, with a place for each of their lines. Theirs agree but for names that no root has kept
 * or has kept since, for which the first run's counts.
 */
export function paletteFor(outlines: readonly RunOutline[], names: readonly LineName[]): Palette {
  const known = dictionary(outlines.toReversed().flatMap(({ palette = {} }) => Object.entries(palette)));
  const announced = withPlaces(known, paletteNames(outlines.flatMap(({ stages }) => stages)));
  // Stages that a run has recorded and not announced.
  return withPlaces(
    announced,
    names.map(({ product }) => ({ name: product, isArm: false })),
  );
}

/** A line looks the same in every plot, and an arm in every run. Candidates of an arm have its colour and other dashes. */
export function lookOf(
  line: LineName & { readonly runIndex: number },
  { names, palette, colorBy, theme }: LookSettings,
): Look {
  const { runIndex } = line;
  const place = (ownValue(palette, line.product) ?? 0) + candidateIndex(line, names) * N_COLORS;
  if (colorBy === "arm") {
    return { ...lookAt(theme, place), shape: runIndex === 0 ? undefined : runIndex % N_SHAPES };
  }
  const shape = Math.floor(place / DASHES.length);
  return {
    color: theme.series[runIndex % theme.series.length] ?? theme.foreground,
    dash: DASHES[(place + Math.floor(runIndex / theme.series.length)) % DASHES.length] ?? [],
    shape: shape === 0 ? undefined : shape % N_SHAPES,
  };
}

/** Place of a candidate for β among those of its arm. */
function candidateIndex({ name, product, isCandidate }: LineName, names: readonly LineName[]): number {
  if (!isCandidate) return 0;
  const candidates = names.filter((one) => one.isCandidate && one.product === product);
  return Math.max(
    0,
    candidates.findIndex((one) => one.name === name),
  );
}

/** The look of a stage's curves by itself, such as beside an alarm: its arm's. */
export function lookOfStage(outline: RunOutline, stage: string, theme: FigureTheme): LineLook {
  const product = outline.stages.find(({ id }) => id === stage)?.product ?? stage;
  return lookAt(theme, ownValue(paletteFor([outline], lineNames([outline])), product) ?? 0);
}

/** The palette that is seen on the editor's ground. */
export function themeOf(body: HTMLElement): FigureTheme {
  const isLight = body.classList.contains("vscode-light") || body.classList.contains("vscode-high-contrast-light");
  return isLight ? FIGURE_THEMES.light : FIGURE_THEMES.dark;
}
