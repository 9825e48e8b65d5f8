import { css } from "lit";

/** Styles of one response's tokens. */
export const tokenStyles = css`
  .totals {
    margin-bottom: 4px;
    font-size: 0.92em;
  }
  .tokens {
    display: flex;
    flex-wrap: wrap;
    gap: 3px;
    padding: 2px;
    cursor: default;
  }
  .token {
    padding: 1px 4px;
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    border-radius: 3px;
    white-space: pre;
  }
  .token[aria-selected="true"] {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .numbers {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    min-height: 3em;
    margin: 6px 0;
    font-size: 0.92em;
    color: var(--vscode-descriptionForeground);
  }
  .numbers b,
  .numbers strong {
    color: var(--vscode-foreground);
    font-variant-numeric: tabular-nums;
  }
  .scroll {
    max-height: 260px;
    margin-top: 6px;
    overflow: auto;
  }
  td,
  th {
    padding: 2px 8px;
  }
`;
