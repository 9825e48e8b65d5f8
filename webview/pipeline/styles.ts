import { css } from "lit";

/** Styles of the pipeline: cards on lanes, with lines between them. */
export const pipelineStyles = css`
  :host {
    padding: 12px 16px 24px;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 16px;
    margin-bottom: 12px;
    color: var(--vscode-descriptionForeground);
  }
  .legend span {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  .lane {
    margin-bottom: 16px;
  }
  .lane > button {
    display: flex;
    align-items: center;
    gap: 6px;
    width: 100%;
    padding: 4px 0;
    border: 0;
    color: inherit;
    background: none;
    font: inherit;
    font-weight: 600;
    text-align: left;
    cursor: pointer;
  }
  .lane > button .muted {
    font-weight: normal;
  }
  .graph {
    padding: 4px 0 12px;
  }
  .canvas {
    position: relative;
  }
  .canvas svg {
    position: absolute;
    inset: 0;
    overflow: visible;
    pointer-events: none;
  }
  .edge {
    fill: none;
    /* Fainter than nodes, but where contrast is to be high. */
    stroke: var(--vscode-contrastBorder, color-mix(in srgb, var(--vscode-descriptionForeground) 45%, transparent));
    stroke-width: 1.25;
  }
  .edge.near {
    stroke: var(--vscode-focusBorder);
    stroke-width: 2;
  }
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    position: absolute;
  }
  .node {
    position: relative;
    display: flex;
    flex-direction: column;
    overflow: hidden;
    width: 100%;
    height: 100%;
    padding: 0;
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.4)));
    border-radius: 6px;
    color: var(--vscode-foreground);
    background: var(--vscode-editorWidget-background);
    font: inherit;
    text-align: left;
    cursor: pointer;
  }
  .node:hover {
    border-color: var(--vscode-focusBorder);
    background: var(--vscode-list-hoverBackground);
  }
  .node:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .node.waiting {
    border-style: dashed;
    background: var(--vscode-editor-background);
  }
  .node.running {
    border-color: var(--vscode-charts-blue);
  }
  .node.failed {
    border-color: var(--vscode-errorForeground);
  }
  .node.alarmed .head {
    padding-right: 40px;
  }
  .alarm {
    position: absolute;
    top: 3px;
    right: 3px;
    display: inline-flex;
    align-items: center;
    gap: 2px;
    min-width: 24px;
    height: 24px;
    padding: 0 4px;
    border: 0;
    border-radius: 4px;
    color: var(--vscode-foreground);
    background: none;
    font: inherit;
    font-size: 11px;
    cursor: pointer;
  }
  .alarm vscode-icon {
    --vscode-icon-foreground: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
    color: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
  }
  .alarm:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .facts {
    display: flex;
    justify-content: space-between;
    gap: 6px;
    margin: 4px 8px 0;
    padding: 2px 0 0;
    border-top: 1px solid color-mix(in srgb, var(--vscode-foreground) 16%, transparent);
    font-size: 11px;
    font-variant-numeric: tabular-nums;
    line-height: 14px;
  }
  .facts > span {
    display: flex;
    flex-direction: column;
  }
  .facts b {
    font-weight: 600;
  }
  .node.placed {
    outline: 2px solid var(--vscode-focusBorder);
  }
  .head {
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 7px 8px 0;
  }
  .head b {
    overflow: hidden;
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .what {
    font-variant-numeric: tabular-nums;
    overflow: hidden;
    padding: 1px 8px 0;
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
    line-height: 15px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .candidate {
    display: flex;
    align-items: center;
    gap: 4px;
    height: 18px;
    padding: 0 8px 0 10px;
    font-size: 11px;
  }
  .candidate .muted,
  .candidate .score {
    margin-left: auto;
  }
  .candidate .beta {
    flex: none;
    min-width: 42px;
  }
  .candidate .score {
    flex: none;
    min-width: 32px;
    font-variant-numeric: tabular-nums;
    text-align: right;
  }
  .candidate .axis {
    position: relative;
    flex: 1;
    height: 1px;
    margin: 0 4px;
    background: color-mix(in srgb, var(--vscode-foreground) 30%, transparent);
  }
  .candidate .axis i {
    position: absolute;
    width: 6px;
    height: 6px;
    margin: -2.5px 0 0 -3px;
    border-radius: 50%;
    background: var(--vscode-descriptionForeground);
  }
  .candidate.chosen {
    font-weight: 600;
  }
  .candidate.chosen .axis i {
    width: 8px;
    height: 8px;
    margin: -3.5px 0 0 -4px;
    background: var(--vscode-charts-blue);
  }
  .progress {
    position: absolute;
    right: 0;
    bottom: 0;
    left: 0;
    height: 3px;
    background: color-mix(in srgb, var(--vscode-foreground) 16%, transparent);
  }
  .progress > div {
    height: 100%;
    background: var(--vscode-progressBar-background);
  }
  @media (max-width: 640px) {
    :host {
      padding: 8px 8px 16px;
    }
  }
`;
