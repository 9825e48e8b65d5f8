import { css } from "lit";

/** Styles of the panes beside the table. */
export const paneStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: 8px;
    min-height: 0;
  }
  ul {
    flex: 1;
    min-height: 0;
    margin: 0;
    padding: 0;
    overflow: auto;
    list-style: none;
  }
  vscode-textfield {
    width: 100%;
    flex: none;
  }
  .entry {
    display: flex;
    gap: 6px;
    align-items: center;
    min-height: 24px;
  }
  .entry:hover {
    background: var(--vscode-list-hoverBackground);
  }
  input[type="checkbox"] {
    flex: none;
    margin: 0;
    accent-color: var(--vscode-button-background);
  }
  .name {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .id {
    font-size: 0.9em;
  }
  .tools {
    flex: none;
    white-space: nowrap;
  }
  .tool {
    padding: 2px;
    border: 0;
    border-radius: 4px;
    background: none;
    color: var(--vscode-icon-foreground);
    line-height: 0;
    vertical-align: middle;
    cursor: pointer;
  }
  .tool:hover {
    background: var(--vscode-toolbar-hoverBackground);
    outline: 1px dashed var(--vscode-toolbar-hoverOutline, transparent);
  }
  .rename,
  textarea {
    flex: 1;
    min-width: 0;
    padding: 3px 6px;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    font: inherit;
  }
  :host > .rename,
  textarea {
    flex: none;
    width: 100%;
  }
  textarea {
    resize: vertical;
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
  }
  .tag {
    display: inline-flex;
    align-items: center;
    max-width: 100%;
    padding: 0 2px 0 8px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 9px;
    overflow-wrap: anywhere;
    color: var(--vscode-badge-foreground);
    background: var(--vscode-badge-background);
  }
  .tag .tool {
    --vscode-icon-foreground: currentColor;
    color: inherit;
  }
`;

/** Styles of the page: it fills its panel, and only table and panes scroll. */
export const runsTableStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: 8px;
    height: 100%;
    padding: 10px 14px;
  }
  :host > header {
    display: flex;
    flex: none;
    flex-direction: column;
    gap: 8px;
  }
  h1 {
    margin: 0;
    font-size: 1.2em;
    font-weight: 600;
  }
  .filter {
    flex: 1 1 220px;
    min-width: 160px;
    max-width: 520px;
  }
  .status {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    align-items: center;
    min-height: 24px;
    color: var(--vscode-descriptionForeground);
  }
  .problem {
    color: var(--vscode-errorForeground);
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 10px;
    align-items: center;
    padding: 6px 10px;
    border: 1px solid var(--vscode-inputValidation-warningBorder, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    background: var(--vscode-inputValidation-warningBackground, transparent);
    overflow-wrap: anywhere;
  }
  main {
    display: flex;
    flex: 1;
    gap: 10px;
    min-height: 0;
  }
  salsa-runs-grid,
  salsa-runs-plot {
    flex: 1;
    min-width: 0;
    min-height: 120px;
  }
  aside {
    display: flex;
    flex: none;
    flex-direction: column;
    gap: 8px;
    width: 320px;
    min-height: 0;
    padding-left: 10px;
    border-left: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
  }
  aside > header {
    display: flex;
    gap: 8px;
    align-items: center;
    justify-content: space-between;
  }
  aside > :last-child {
    flex: 1;
    min-height: 0;
  }
  main > .notice {
    flex: 1;
  }
  .name-field {
    width: 180px;
  }
  @media (max-width: 620px) {
    main {
      flex-direction: column;
    }
    aside {
      width: auto;
      max-height: 45%;
      padding: 8px 0 0;
      border-left: 0;
      border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
    }
  }
  /* Zoomed in, or in a small panel, the header would leave no room: it scrolls away. */
  @media (max-width: 340px), (max-height: 480px) {
    :host {
      overflow-y: auto;
    }
    main {
      flex: none;
      height: max(420px, 80vh);
    }
  }
`;
