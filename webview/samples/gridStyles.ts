import { css } from "lit";

/** Styles of the grid: absolute rows in a canvas as tall as all of them, under a sticky header. */
export const gridStyles = css`
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
    min-width: calc(260px + var(--columns) * 200px);
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
    grid-template-columns: minmax(200px, 1.1fr) repeat(var(--columns), minmax(200px, 1fr));
  }
  .stepped .line {
    grid-template-columns: 52px minmax(200px, 1.1fr) repeat(var(--columns), minmax(200px, 1fr));
  }
  .row {
    position: absolute;
    inset: 0 0 auto;
    cursor: pointer;
    contain: strict;
  }
  .row {
    --tint: transparent;
    /* Themes' row colours are veils; what stays in place while others pass beneath needs a ground. */
    background: linear-gradient(var(--tint), var(--tint)), var(--vscode-editor-background);
  }
  .row.odd {
    --tint: var(--vscode-keybindingTable-rowsBackground, transparent);
  }
  .row:hover {
    --tint: var(--vscode-list-hoverBackground);
  }
  .row[aria-selected="true"] {
    color: var(--vscode-list-inactiveSelectionForeground, inherit);
    --tint: var(--vscode-list-inactiveSelectionBackground);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .viewport:focus-visible .row[aria-selected="true"] {
    color: var(--vscode-list-activeSelectionForeground);
    --tint: var(--vscode-list-activeSelectionBackground);
    outline: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder));
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
  .cell.step {
    justify-content: flex-end;
  }
  /* What stays in place is a layer of its own, which costs in every frame: only where there is a way to the side. */
  .wide .cell.step,
  .wide .cell.prompt {
    position: sticky;
    left: 0;
    z-index: 1;
    background: inherit;
  }
  .wide.stepped .cell.prompt {
    left: 52px;
  }
  /* In a narrow panel it would leave no room for what passes by it. */
  @media (max-width: 480px) {
    .wide .cell.prompt {
      position: static;
    }
  }
  .head .line {
    background: inherit;
  }
  .cell.place {
    box-shadow: inset 0 -2px var(--vscode-focusBorder);
  }
  .name {
    flex: 1;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .text {
    display: -webkit-box;
    flex: 1;
    min-width: 0;
    max-height: calc(var(--lines) * 1.4em);
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: var(--lines);
    line-clamp: var(--lines);
    white-space: pre-line;
  }
  .score {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    min-width: 40px;
    opacity: 0.9;
  }
  .compact .score {
    flex-direction: row-reverse;
    gap: 4px;
    justify-content: flex-start;
  }
  .head .score,
  .head .name .muted {
    font-weight: normal;
  }
  .unended {
    color: var(--vscode-editorWarning-foreground, currentColor);
  }
  .coming .prompt .text::before {
    content: "";
    width: 60%;
    height: 0.8em;
    margin-top: 0.3em;
    border-radius: 3px;
    background: currentColor;
    opacity: 0.12;
  }
`;
