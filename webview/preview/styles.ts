import { css } from "lit";

/** Tokens: where each begins, what is learned and what is cut, never by colour alone. */
export const tokenStyles = css`
  .run.learned {
    background: color-mix(in srgb, var(--vscode-charts-green, #388a34) 18%, transparent);
    text-decoration: underline 2px var(--vscode-charts-green, #388a34);
    text-underline-offset: 3px;
  }
  .run.cut {
    color: var(--vscode-descriptionForeground);
    text-decoration: line-through;
  }
  .token {
    box-shadow: inset 1px 0 color-mix(in srgb, currentColor 38%, transparent);
    padding-left: 1px;
    white-space: pre-wrap;
  }
  :host-context(.vscode-high-contrast) .run.learned {
    background: none;
    text-decoration-color: currentColor;
  }
`;

/** The view: head, summary, list, detail. */
export const previewStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100vh;
    padding: 10px 16px 12px;
    gap: 8px;
    background: var(--vscode-editor-background);
  }
  main {
    display: flex;
    flex: 1;
    flex-direction: column;
    gap: 8px;
    min-height: 0;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 12px;
    align-items: center;
  }
  .from {
    overflow: hidden;
    min-width: 0;
    flex: 1;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .summary {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 28px;
    align-items: flex-start;
  }
  .facts {
    flex: 1 1 300px;
    display: grid;
    gap: 3px;
  }
  figure {
    flex: 0 1 340px;
    margin: 0;
    min-width: min(200px, 100%);
  }
  svg {
    display: block;
    width: 100%;
    height: 56px;
    border-bottom: 1px solid var(--vscode-descriptionForeground);
    overflow: visible;
  }
  .bar {
    fill: var(--vscode-charts-blue, #1a85ff);
  }
  .beyond {
    fill: transparent;
    stroke: var(--vscode-charts-orange, #d18616);
  }
  .limit {
    stroke: var(--vscode-foreground);
    stroke-dasharray: 3 2;
  }
  figcaption {
    display: flex;
    gap: 8px;
    justify-content: space-between;
    font-size: 0.85em;
  }
  salsa-preview-list {
    flex: 1 1 140px;
    min-height: 120px;
  }
  .detail {
    flex: 1 1 120px;
    min-height: 110px;
    overflow: auto;
    padding: 8px 10px;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
  }
  .detail h2 {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 10px;
    align-items: baseline;
  }
  .detail .problem {
    margin: 4px 0;
    overflow-wrap: anywhere;
  }
  .sequence {
    margin-top: 8px;
  }
  .tokens {
    padding: 3px 4px;
    line-height: 1.7;
    overflow-wrap: anywhere;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 18px;
    font-size: 0.92em;
  }
  .legend .run.learned,
  .legend .token {
    color: var(--vscode-foreground);
  }
  .fate {
    display: inline-flex;
    gap: 4px;
    align-items: center;
    white-space: nowrap;
  }
  .notice button.link {
    overflow-wrap: anywhere;
  }
  /* A small panel is scrolled as a whole, with a list of some height in it. */
  @media (max-width: 520px), (max-height: 520px) {
    :host {
      padding: 8px;
      overflow-y: auto;
    }
    main {
      flex: none;
    }
    .from {
      flex-basis: 100%;
      white-space: normal;
      overflow-wrap: anywhere;
    }
    salsa-preview-list {
      flex: none;
      height: max(240px, 50vh);
    }
    .detail {
      flex: none;
      overflow: visible;
    }
  }
`;

/** The list: absolute rows in a canvas as tall as all of them, under a header that stays. */
export const listStyles = css`
  :host {
    position: relative;
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
  .head {
    position: sticky;
    top: 0;
    z-index: 2;
    font-weight: 600;
    background: var(--vscode-editorWidget-background, var(--vscode-editor-background));
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .canvas {
    position: relative;
    contain: layout style;
  }
  .line {
    display: grid;
    grid-template-columns: 84px 118px 76px minmax(0, 1fr);
  }
  @media (max-width: 520px) {
    .canvas,
    .head {
      min-width: 360px;
    }
    .line {
      grid-template-columns: 56px 88px 68px minmax(0, 1fr);
    }
  }
  .row {
    position: absolute;
    inset: 0 0 auto;
    cursor: pointer;
    contain: strict;
  }
  .row.odd {
    background: var(--vscode-keybindingTable-rowsBackground, transparent);
  }
  .row:hover {
    background: var(--vscode-list-hoverBackground);
  }
  .row[aria-selected="true"] {
    background: var(--vscode-list-inactiveSelectionBackground);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .viewport:focus-visible .row[aria-selected="true"] {
    outline: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder));
  }
  .cell {
    min-width: 0;
    padding: 4px 8px;
    overflow: hidden;
  }
  .fate {
    display: flex;
    gap: 4px;
    align-items: flex-start;
  }
  .text {
    display: -webkit-box;
    max-height: calc(var(--lines) * 1.4em);
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: var(--lines);
    line-clamp: var(--lines);
  }
  .words {
    color: var(--vscode-errorForeground);
    overflow-wrap: anywhere;
  }
`;
