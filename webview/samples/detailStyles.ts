import { css } from "lit";

/** Styles of the pane that shows one sample in full. */
export const detailStyles = css`
  section {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
  }
  .bar {
    padding: 6px 0;
    flex: none;
  }
  .body {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  .prompt {
    padding: 8px 10px;
    margin-bottom: 10px;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    border-left: 3px solid var(--vscode-textBlockQuote-border, var(--vscode-focusBorder));
    background: var(--vscode-textBlockQuote-background);
  }
  .columns {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(260px, 1fr));
    gap: 10px;
  }
  article {
    min-width: 0;
    padding: 8px 10px;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
  }
  article header {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 12px;
    margin-bottom: 6px;
  }
  b {
    font-variant-numeric: tabular-nums;
  }
  .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  del {
    background: var(--vscode-diffEditor-removedTextBackground, rgba(255, 0, 0, 0.2));
    outline: 1px dashed var(--vscode-diffEditor-removedTextBorder, transparent);
  }
  ins {
    background: var(--vscode-diffEditor-insertedTextBackground, rgba(155, 185, 85, 0.3));
    outline: 1px solid var(--vscode-diffEditor-insertedTextBorder, transparent);
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .legend {
    display: flex;
    align-items: center;
    gap: 12px;
    margin: 0 0 10px;
  }
  .ramp {
    width: 240px;
  }
  .colours {
    height: 12px;
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, currentColor));
    border-radius: 2px;
  }
  .ends {
    display: flex;
    justify-content: space-between;
    font-size: 0.85em;
    font-variant-numeric: tabular-nums;
  }
`;
