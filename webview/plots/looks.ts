import { FIGURE_THEMES, type FigureTheme } from "../../engine/figures/index.ts";
import type { LineName } from "./lines.ts";

/** Dimension shown by colour; the other one is shown by dashes. */
export type ColorBy = "arm" | "run";

/** How a line is drawn. */
export interface Look {
  readonly color: string;
  /** In pixels; empty for a solid line. */
  readonly dash: readonly number[];
}

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** With more runs than there are dashes, colours distinguish the runs. */
export function colorByDefault(nRuns: number): ColorBy {
  return nRuns > DASHES.length ? "run" : "arm";
}

/** The same arm has the same colour in every plot, and so has the same run its dash; or the other way round. */
export function lookOf(
  line: LineName & { readonly runIndex: number },
  {
    names,
    colorBy,
    theme,
  }: { readonly names: readonly LineName[]; readonly colorBy: ColorBy; readonly theme: FigureTheme },
): Look {
  const [byColor, byDash] =
    colorBy === "arm" ? [indexOf(line, names), line.runIndex] : [line.runIndex, armIndex(line, names)];
  return {
    color: theme.series[Math.max(0, byColor) % theme.series.length] ?? theme.foreground,
    dash: DASHES[Math.max(0, byDash) % DASHES.length] ?? [],
  };
}

/** Candidates for β count among themselves, other names among all. */
function armIndex(line: LineName, names: readonly LineName[]): number {
  return indexOf(line, line.isCandidate ? names.filter(({ product }) => product === line.product) : names);
}

function indexOf({ name }: LineName, names: readonly LineName[]): number {
  return names.findIndex((one) => one.name === name);
}

/** The palette that is seen on the editor's ground. */
export function themeOf(body: HTMLElement): FigureTheme {
  const isLight = body.classList.contains("vscode-light") || body.classList.contains("vscode-high-contrast-light");
  return isLight ? FIGURE_THEMES.light : FIGURE_THEMES.dark;
}
