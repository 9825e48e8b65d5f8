import { css, unsafeCSS } from "lit";
import uplotCss from "uplot/dist/uPlot.min.css";

/** Styles of one plot, including uPlot's own. */
export const plotStyles = [
  unsafeCSS(uplotCss),
  css`
    :host {
      position: relative;
      min-width: 0;
      padding: 6px 6px 4px 10px;
      border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
      border-radius: 6px;
      background: var(--vscode-editor-background);
      --plot-text: var(--vscode-descriptionForeground);
      --plot-grid: color-mix(in srgb, var(--vscode-foreground) 12%, transparent);
    }
    .head {
      display: flex;
      align-items: center;
      gap: 6px;
      min-height: 22px;
    }
    h3 {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .unit {
      overflow: hidden;
      color: var(--vscode-descriptionForeground);
      font-size: 11px;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    salsa-menu {
      margin-left: auto;
    }
    .chart {
      position: relative;
      height: 180px;
      border-radius: 3px;
    }
    :host([large]) .chart {
      height: min(460px, 60vh);
    }
    .chart:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: 1px;
    }
    .uplot,
    .uplot *,
    .uplot *::before,
    .uplot *::after {
      box-sizing: content-box;
    }
    .uplot {
      font-family: inherit;
      line-height: 1.3;
    }
    .u-select {
      background: var(--vscode-editor-selectionBackground, rgba(128, 128, 128, 0.25));
      opacity: 0.6;
    }
    .u-hz .u-cursor-x,
    .u-vt .u-cursor-y {
      border-right: 1px solid var(--vscode-descriptionForeground);
    }
    .moving,
    .moving .u-over {
      cursor: grabbing;
    }
    .wait {
      position: absolute;
      inset: 0 0 30px;
      display: flex;
      align-items: center;
      justify-content: center;
      color: var(--vscode-descriptionForeground);
      pointer-events: none;
    }
    .note {
      padding: 2px 4px 2px 0;
      color: var(--vscode-descriptionForeground);
      font-size: 11px;
      line-height: 1.35;
    }
    .tooltip {
      position: fixed;
      z-index: 30;
      max-width: 320px;
      padding: 6px 8px;
      border: 1px solid var(--vscode-editorHoverWidget-border, var(--vscode-contrastBorder, transparent));
      border-radius: 4px;
      color: var(--vscode-editorHoverWidget-foreground);
      background: var(--vscode-editorHoverWidget-background);
      box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
      font-size: 12px;
      pointer-events: none;
    }
    .tooltip table {
      border-collapse: collapse;
    }
    .tooltip td {
      padding: 0 6px 0 0;
      white-space: nowrap;
    }
    .tooltip td:nth-child(2) {
      max-width: 210px;
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .tooltip td:last-child {
      padding: 0 0 0 6px;
      font-variant-numeric: tabular-nums;
      text-align: right;
    }
  `,
];
