import { FIGURE_THEMES, type FigureTheme } from "../../engine/figures/index.ts";
import { readStageName } from "../pipeline/stageNames.ts";
import type { LineSource } from "./lines.ts";

/** What tells lines apart by colour; what is left is told by dashes. */
export type ColorBy = "arm" | "run";

/** How a line is drawn. */
export interface Look {
  readonly color: string;
  /** In pixels; empty for a solid line. */
  readonly dash: readonly number[];
}

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** With more runs than there are dashes, colours tell the runs apart. */
export function colorByDefault(nRuns: number): ColorBy {
  return nRuns > DASHES.length ? "run" : "arm";
}

/** The same arm has the same colour in every plot, and so has the same run its dash; or the other way round. */
export function lookOf(
  { name, runIndex }: Pick<LineSource, "name" | "runIndex">,
  {
    names,
    colorBy,
    theme,
  }: { readonly names: readonly string[]; readonly colorBy: ColorBy; readonly theme: FigureTheme },
): Look {
  const [byColor, byDash] = colorBy === "arm" ? [names.indexOf(name), runIndex] : [runIndex, armIndex(name, names)];
  return {
    color: theme.series[Math.max(0, byColor) % theme.series.length] ?? theme.foreground,
    dash: DASHES[Math.max(0, byDash) % DASHES.length] ?? [],
  };
}

/** Candidates for β count among themselves, other names among all. */
function armIndex(name: string, names: readonly string[]): number {
  const { product, candidate } = readStageName(name);
  const among = candidate === undefined ? names : names.filter((one) => readStageName(one).product === product);
  return among.indexOf(name);
}

/** The palette that is seen on the editor's ground. */
export function themeOf(body: HTMLElement): FigureTheme {
  const isLight = body.classList.contains("vscode-light") || body.classList.contains("vscode-high-contrast-light");
  return isLight ? FIGURE_THEMES.light : FIGURE_THEMES.dark;
}
