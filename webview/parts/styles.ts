import { css } from "lit";

/** Styles shared by the views: type, focus, notices, native controls in the editor's colours. */
export const baseStyles = css`
  :host {
    display: block;
    box-sizing: border-box;
    color: var(--vscode-foreground);
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    line-height: 1.4;
    /* High contrast has none, and a button's own stand-in is dark, as its text is on a light ground. */
    --hovered-button: var(--vscode-button-secondaryHoverBackground, var(--vscode-button-secondaryBackground));
  }
  vscode-button {
    --vscode-button-secondaryHoverBackground: var(--hovered-button);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h2 {
    font-size: 1.1em;
    font-weight: 600;
    margin: 0;
  }
  h3 {
    font-size: 1em;
    font-weight: 600;
    margin: 0;
  }
  p {
    margin: 0;
  }
  a,
  .link {
    color: var(--vscode-textLink-foreground);
    background: none;
    border: 0;
    padding: 0;
    font: inherit;
    cursor: pointer;
    text-decoration: none;
  }
  a:hover,
  .link:hover {
    color: var(--vscode-textLink-activeForeground);
    text-decoration: underline;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .muted {
    color: var(--vscode-descriptionForeground);
  }
  .mono {
    font-family: var(--vscode-editor-font-family, monospace);
    font-size: var(--vscode-editor-font-size, 12px);
  }
  .number {
    text-align: right;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  mark {
    color: inherit;
    background: var(--vscode-editor-findMatchHighlightBackground, rgba(234, 92, 0, 0.33));
    outline: 1px solid var(--vscode-editor-findMatchHighlightBorder, transparent);
  }
`;

/** Styles of `loadingNotice`, `emptyNotice` and `failedNotice`. */
export const noticeStyles = css`
  .notice {
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 10px;
    max-width: 560px;
    min-height: 180px;
    margin: 0 auto;
    padding: 24px;
    text-align: center;
    color: var(--vscode-descriptionForeground);
  }
  @media (max-width: 340px) {
    .notice {
      padding: 24px 0;
    }
  }
  .notice h2 {
    color: var(--vscode-foreground);
  }
  .notice .words {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .error-icon {
    color: var(--vscode-errorForeground);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
`;

/** Styles of selects, sliders, toolbars and chips. Where the browser supports it, a native select looks like `choice`. */
export const controlStyles = css`
  select {
    height: 26px;
    max-width: min(220px, 100%);
    padding: 2px 4px;
    overflow: hidden;
    white-space: nowrap;
    color: var(--vscode-dropdown-foreground);
    background: var(--vscode-dropdown-background);
    border: 1px solid var(--vscode-dropdown-border, transparent);
    border-radius: 4px;
    font: inherit;
  }
  @supports (appearance: base-select) {
    select,
    ::picker(select) {
      appearance: base-select;
    }
    select {
      align-items: center;
      padding: 2px 6px 2px 4px;
      min-height: 0;
      line-height: 18px;
    }
    select:focus-visible {
      outline: none;
      border-color: var(--vscode-focusBorder);
    }
    select::picker-icon {
      width: 6px;
      height: 6px;
      margin: -4px 3px 0 8px;
      content: "";
      border: solid currentColor;
      border-width: 0 1px 1px 0;
      transform: rotate(45deg);
    }
    ::picker(select) {
      padding: 0;
      color: var(--vscode-dropdown-foreground);
      background: var(--vscode-dropdown-background);
      border: 1px solid var(--vscode-dropdown-border, var(--vscode-widget-border, transparent));
      border-radius: 4px;
      box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    }
    option {
      min-height: 22px;
      padding: 1px 4px;
      line-height: 20px;
    }
    option::checkmark {
      display: none;
    }
    option:hover {
      color: var(--vscode-list-hoverForeground, inherit);
      background: var(--vscode-list-hoverBackground);
    }
    option:focus {
      color: var(--vscode-list-activeSelectionForeground, inherit);
      background: var(--vscode-list-activeSelectionBackground);
      outline: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder));
      outline-offset: -1px;
    }
  }
  input[type="range"] {
    height: 16px;
    margin: 0;
    background: none;
    appearance: none;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 4px;
    border: 1px solid var(--vscode-checkbox-border, var(--vscode-contrastBorder, transparent));
    border-radius: 3px;
    background: var(--vscode-checkbox-background);
  }
  input[type="range"]::-webkit-slider-thumb {
    width: 12px;
    height: 12px;
    margin-top: -5px;
    border: 0;
    border-radius: 6px;
    background: var(--vscode-button-background);
    outline: 1px solid var(--vscode-contrastBorder, transparent);
    appearance: none;
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 12px;
  }
  .toolbar label,
  .field {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    max-width: 100%;
    white-space: nowrap;
  }
  /* Where there is no room for one line. */
  @media (max-width: 340px) {
    .toolbar label,
    .field {
      flex-wrap: wrap;
    }
    .toolbar vscode-button,
    .field vscode-single-select {
      max-width: 100%;
    }
  }
  .toolbar .spacer {
    flex: 1;
  }
  /* They go to another line together. */
  .toolbar .buttons {
    display: inline-flex;
    gap: 6px;
    margin-left: auto;
  }
  .chips {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 4px;
  }
  .chip {
    padding: 2px 8px;
    color: var(--vscode-foreground);
    background: transparent;
    border: 1px solid var(--vscode-checkbox-border, var(--vscode-contrastBorder, transparent));
    border-radius: 11px;
    font: inherit;
    cursor: pointer;
  }
  .chip:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .chip[aria-checked="true"],
  .chip[aria-pressed="true"] {
    color: var(--vscode-button-foreground);
    background: var(--vscode-button-background);
    border-color: var(--vscode-contrastBorder, var(--vscode-button-background));
  }
  :host-context(.vscode-high-contrast) .chip[aria-checked="true"],
  :host-context(.vscode-high-contrast) .chip[aria-pressed="true"] {
    color: var(--vscode-editor-background);
    background: var(--vscode-foreground);
  }
  .badge {
    display: inline-block;
    padding: 0 6px;
    border-radius: 9px;
    font-size: 0.85em;
    line-height: 1.6;
    white-space: nowrap;
    color: var(--vscode-badge-foreground);
    background: var(--vscode-badge-background);
    border: 1px solid var(--vscode-contrastBorder, transparent);
  }
  .warning {
    display: inline-flex;
    gap: 4px;
    align-items: center;
  }
  .warning vscode-icon {
    --vscode-icon-foreground: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
    color: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
  }
`;

/** Styles of tables. */
export const tableStyles = css`
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    width: 100%;
  }
  caption {
    text-align: left;
  }
  th,
  td {
    padding: 4px 8px;
    text-align: left;
    vertical-align: middle;
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
  }
  th {
    font-weight: 600;
    white-space: nowrap;
  }
  th.number,
  td.number {
    text-align: right;
  }
  tbody tr:hover {
    background: var(--vscode-list-hoverBackground);
  }
`;
