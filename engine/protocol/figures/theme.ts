/** Colours of a figure. */
export interface FigureTheme {
  /** "none" lets what lies below show through. */
  readonly background: string;
  /** Title, legend and values. */
  readonly foreground: string;
  /** Axis texts and captions. */
  readonly muted: string;
  readonly grid: string;
  /** Lines, in the order in which they are given; told apart with every common kind of colour vision. */
  readonly series: readonly string[];
}

/** Colours on paper and on a dark page. */
export const FIGURE_THEMES = {
  light: {
    background: "#ffffff",
    foreground: "#1f2328",
    muted: "#59636e",
    grid: "#dfe3e8",
    series: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#5c2d91", "#6e7781"],
  },
  dark: {
    background: "#1f1f1f",
    foreground: "#e6e6e6",
    muted: "#a6adb5",
    grid: "#3a3f45",
    series: ["#4aa8e0", "#ff8a3d", "#2fc99b", "#eb9fc9", "#e0c030", "#a5dcff", "#b58cff", "#aab2ba"],
  },
} as const satisfies Readonly<Record<string, FigureTheme>>;
