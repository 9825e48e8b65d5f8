import { css } from "lit";

/** Styles of a grid of rows: absolute rows in a canvas as tall as all of them, under a sticky header. */
export const rowGridStyles = css`
  :host {
    position: relative;
    min-height: 120px;
    contain: strict;
  }
  .viewport {
    position: absolute;
    inset: 0;
    overflow: auto;
    overflow-anchor: none;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    line-height: 1.4;
  }
  .canvas,
  .head {
    position: relative;
    contain: layout style;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 2;
    contain: none;
    font-weight: 600;
    background: var(--vscode-editorWidget-background, var(--vscode-editor-background));
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .line {
    display: grid;
  }
  .row {
    position: absolute;
    inset: 0 0 auto;
    cursor: pointer;
    contain: strict;
  }
  .row {
    --tint: transparent;
    /* Themes' row colours are veils, and high contrast has none; what stays in place while others pass needs a ground. */
    background: linear-gradient(var(--tint), var(--tint)), var(--vscode-editor-background);
  }
  .row.odd {
    --tint: var(--vscode-keybindingTable-rowsBackground, transparent);
  }
  .row:hover {
    --tint: var(--vscode-list-hoverBackground, transparent);
  }
  .row[aria-selected="true"] {
    color: var(--vscode-list-inactiveSelectionForeground, inherit);
    --tint: var(--vscode-list-inactiveSelectionBackground, transparent);
  }
  /* Above cells that stay in place, which an outline would be below. */
  .row[aria-selected="true"]::after {
    position: absolute;
    inset: 0;
    z-index: 2;
    border: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    content: "";
    pointer-events: none;
  }
  .viewport:focus-visible .row[aria-selected="true"] {
    color: var(--vscode-list-activeSelectionForeground);
    --tint: var(--vscode-list-activeSelectionBackground, transparent);
  }
  .viewport:focus-visible .row[aria-selected="true"]::after {
    border: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder));
  }
  .cell {
    display: flex;
    gap: 8px;
    min-width: 0;
    padding: 5px 8px;
    overflow: hidden;
    border-left: 1px solid var(--vscode-tree-tableColumnsBorder, transparent);
  }
  .cell:first-child {
    border-left: 0;
  }
  .head .line {
    background: inherit;
  }
`;
