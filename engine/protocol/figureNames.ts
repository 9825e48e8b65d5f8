/** Figures of the paper by name, in its order; the numbers that it has for them name them as well. */
export const FIGURE_NAMES = {
  winRates: ["1"],
  line: ["2a", "2b"],
  plane: ["2c"],
  rewards: ["3"],
  alpha: ["4a"],
  mkl: ["4b"],
  members: ["5"],
  front: [],
  collapse: ["A.4", "6"],
  warp: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type FigureName = keyof typeof FIGURE_NAMES;

/** Figures whose numbers no run records: they are measured afterwards. */
export const MEASURED_FIGURES = ["line", "plane", "warp"] as const satisfies readonly FigureName[];
export type MeasuredFigure = (typeof MEASURED_FIGURES)[number];

/** Tables of the paper by name, with their numbers. */
export const PAPER_TABLE_NAMES = {
  main: ["1"],
  details: ["2", "3", "4"],
  mkl: ["5"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type PaperTableName = keyof typeof PAPER_TABLE_NAMES;

/** The name that a word stands for, which may be a number of the paper; undefined for any other. */
export function nameFor<N extends string>(names: Readonly<Record<N, readonly string[]>>, word: string): N | undefined {
  const wanted = word.toLowerCase();
  return (Object.keys(names) as N[]).find(
    (name) => name.toLowerCase() === wanted || names[name].some((alias) => alias.toLowerCase() === wanted),
  );
}
