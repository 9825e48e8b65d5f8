import { css, type CSSResult, unsafeCSS } from "lit";
import { FIGURE_THEMES } from "../../engine/figures/index.ts";

const properties = (series: readonly string[]): CSSResult =>
  unsafeCSS(series.map((color, index) => `--series-${index}: ${color};`).join(" "));

/** The colours of the plots as `--series-0` and so on; the editor's own are too faint for marks in some themes. */
export const paletteStyles = css`
  :host {
    ${properties(FIGURE_THEMES.dark.series)}
  }
  :host-context(.vscode-light),
  :host-context(.vscode-high-contrast-light) {
    ${properties(FIGURE_THEMES.light.series)}
  }
`;
