import type { FigureTheme } from "../../engine/figures/index.ts";

/** A palette on the editor's own ground; where contrast is high, nothing is muted. */
export function groundless(theme: FigureTheme, body: HTMLElement): FigureTheme {
  const isHigh =
    body.classList.contains("vscode-high-contrast") || body.classList.contains("vscode-high-contrast-light");
  return { ...theme, background: "none", ...(isHigh && { muted: theme.foreground }) };
}
