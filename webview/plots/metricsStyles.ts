import { css } from "lit";

/** Styles of the metrics view: bar of settings, legend, and plots in as many columns as fit. */
export const metricsStyles = css`
  :host {
    padding: 0 16px 24px;
  }
  .bar {
    position: sticky;
    z-index: 5;
    top: 0;
    padding: 10px 0 8px;
    background: var(--vscode-editor-background);
  }
  input[type="search"] {
    width: 170px;
    max-width: 100%;
    height: 26px;
    padding: 3px 6px;
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
    border-radius: 2px;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    font: inherit;
  }
  input[type="search"]::placeholder {
    color: var(--vscode-input-placeholderForeground);
  }
  input[type="range"] {
    width: 110px;
  }
  output {
    min-width: 2.5em;
    color: var(--vscode-descriptionForeground);
    font-variant-numeric: tabular-nums;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
    max-height: 84px;
    margin-top: 8px;
    overflow-y: auto;
  }
  .entry {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 1px 8px;
    border: 1px solid transparent;
    border-radius: 11px;
    color: var(--vscode-foreground);
    background: none;
    font: inherit;
    cursor: pointer;
  }
  .cut {
    max-width: 26ch;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .entry:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .entry[aria-pressed="true"] {
    border-color: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .entry[aria-pressed="false"] {
    color: var(--vscode-descriptionForeground);
    text-decoration: line-through;
  }
  .entry[aria-pressed="false"] svg {
    opacity: 0.35;
  }
  .legend .between {
    width: 1px;
    margin: 2px 4px;
    background: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  details {
    margin-top: 8px;
  }
  summary {
    padding: 4px 0;
    font-weight: 600;
    cursor: pointer;
  }
  summary .muted {
    font-weight: normal;
  }
  .help {
    margin: 0;
  }
  .help summary {
    padding: 0;
    color: var(--vscode-descriptionForeground);
    font-weight: normal;
  }
  .help ul {
    position: absolute;
    z-index: 10;
    right: 0;
    width: max-content;
    max-width: min(420px, 100%);
    box-sizing: border-box;
    margin: 4px 0 0;
    padding: 8px 12px 8px 26px;
    border: 1px solid var(--vscode-editorHoverWidget-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    color: var(--vscode-editorHoverWidget-foreground);
    background: var(--vscode-editorHoverWidget-background);
    box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
  }
  /* The log stays in sight while the curves are scrolled. */
  .beside {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(240px, 320px);
    gap: 16px;
    align-items: start;
  }
  .beside salsa-run-log {
    position: sticky;
    top: 96px;
    max-height: calc(100vh - 220px);
    margin-top: 12px;
  }
  .grid {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(270px, 100%), 1fr));
    gap: 10px;
    padding: 4px 0 8px;
  }
  salsa-plot {
    /* The bar stays on top of the view: a plot that comes into sight is not below it. */
    scroll-margin: var(--bar-height, 90px) 0 12px;
  }
  salsa-plot[large] {
    grid-column: 1 / -1;
  }
  @media (max-width: 800px) {
    .beside {
      display: flex;
      flex-direction: column-reverse;
      align-items: stretch;
    }
    .beside salsa-run-log {
      position: static;
      max-height: 40vh;
    }
  }
  @media (max-width: 640px) {
    :host {
      padding: 0 8px 16px;
    }
  }
  @media (max-width: 640px), (max-height: 480px) {
    .bar {
      position: static;
    }
  }
`;
