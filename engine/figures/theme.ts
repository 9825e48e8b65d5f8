/** Colours of a figure. */
export interface FigureTheme {
  /** "none" makes it transparent. */
  readonly background: string;
  /** Title, legend and values. */
  readonly foreground: string;
  /** Axis texts and captions. */
  readonly muted: string;
  readonly grid: string;
  /** Colours of the lines, in order; distinguishable with every common kind of colour vision. */
  readonly series: readonly string[];
}

/**
 * Colours on paper and on a dark page.
 *
 * Chosen by search: every two of a series are at least 0.12 apart in OKLab as people see them with full colour vision
 * and with each kind of dichromacy (Machado et al. 2009), the first four 0.15, and each has a contrast of 3 with its
 * ground, as WCAG 2.2 asks of graphics.
 */
export const FIGURE_THEMES = {
  light: {
    background: "#ffffff",
    foreground: "#1f2328",
    muted: "#59636e",
    grid: "#dfe3e8",
    series: ["#005de5", "#ef6500", "#0d4d63", "#a3789a", "#2f96f4", "#761f0e", "#a14b00", "#350d32"],
  },
  dark: {
    background: "#1f1f1f",
    foreground: "#e6e6e6",
    muted: "#a6adb5",
    grid: "#3a3f45",
    series: ["#2e7be6", "#e45d13", "#4bdc8f", "#cda6ff", "#a0fefa", "#b1379c", "#fbf021", "#98918e"],
  },
} as const satisfies Readonly<Record<string, FigureTheme>>;
