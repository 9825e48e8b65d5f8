import type { FigureTheme } from "./theme.ts";

/** Dashes in pixels, the solid line first: as long as there is one, lines of a colour are told apart. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** How a line is drawn. */
export interface LineLook {
  readonly color: string;
  /** In pixels; empty for a solid line. */
  readonly dash: readonly number[];
}

/** The look of a place of the palette: colours first, then the same colours dashed. One below 0 is nobody's. */
export function lookAt({ series, muted }: Pick<FigureTheme, "series" | "muted">, place: number): LineLook {
  if (place < 0) return { color: muted, dash: [] };
  return {
    color: series[place % series.length] ?? muted,
    dash: DASHES[Math.floor(place / series.length) % DASHES.length] ?? [],
  };
}

/** A dash as SVG has it; undefined for a solid line. */
export function dashText(dash: readonly number[]): string | undefined {
  return dash.length === 0 ? undefined : dash.join(" ");
}

/** Shapes of marks: with them runs are told apart, whose lines have the looks of their arms. */
export const N_SHAPES = 7;

/** Path of a mark around a place, as SVG writes it; shape 0 is a circle. */
export function markPath(shape: number, x: number, y: number, r: number): string {
  switch (shape % N_SHAPES) {
    case 1:
      return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`;
    case 2:
      return `M${x} ${y - 1.3 * r}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}l${-1.3 * r} ${-1.3 * r}Z`;
    case 3:
      return `M${x} ${y - 1.2 * r}l${1.2 * r} ${2.2 * r}h${-2.4 * r}Z`;
    case 4:
      return `M${x} ${y + 1.2 * r}l${1.2 * r} ${-2.2 * r}h${-2.4 * r}Z`;
    case 5:
      return `M${x - r} ${y - 0.4 * r}h${2 * r}v${0.8 * r}h${-2 * r}ZM${x - 0.4 * r} ${y - r}h${0.8 * r}v${2 * r}h${-0.8 * r}Z`;
    case 6:
      return `M${x - 0.5 * r} ${y - 1.3 * r}h${r}v${2.6 * r}h${-r}Z`;
    default:
      return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }
}
