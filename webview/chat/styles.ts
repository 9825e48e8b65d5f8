import { css } from "lit";

/** Styles of the chat with checkpoints. */
export const chatStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100vh;
    padding: 10px 16px;
    gap: 8px;
    background: var(--vscode-editor-background);
  }
  main {
    flex: 1 1 auto;
    min-height: 0;
    display: flex;
    flex-direction: column;
    gap: 8px;
    overflow: auto;
  }
  footer {
    min-height: 1.4em;
    font-size: 0.92em;
  }
  form {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  label {
    font-weight: 600;
  }
  textarea,
  input {
    width: 100%;
    padding: 4px 6px;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
    border-radius: 2px;
    font: inherit;
  }
  textarea {
    resize: vertical;
    min-height: 3em;
    max-height: 40vh;
  }
  ::placeholder {
    color: var(--vscode-input-placeholderForeground);
    opacity: 1;
  }
  textarea:focus-visible,
  input:focus-visible {
    border-color: var(--vscode-focusBorder);
  }
  #keys {
    font-size: 0.92em;
  }
  summary {
    cursor: pointer;
    width: fit-content;
  }
  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(120px, 1fr));
    gap: 6px 12px;
    padding: 6px 0 2px;
  }
  .fields label {
    display: grid;
    gap: 2px;
    font-weight: normal;
  }
  .fields .wide {
    grid-column: 1 / -1;
  }
  .asked {
    flex: none;
    overflow-wrap: anywhere;
    max-height: 6em;
    overflow: auto;
  }
  .asked .muted {
    font-size: 0.92em;
  }
  .answers {
    flex: 1 1 auto;
    min-height: 160px;
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr));
    gap: 10px;
  }
  .answer {
    display: flex;
    flex-direction: column;
    min-height: 140px;
    min-width: 0;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
    border-radius: 4px;
  }
  .answer.chosen {
    border-color: var(--vscode-focusBorder);
    outline: 1px solid var(--vscode-focusBorder);
  }
  .answer h2 {
    padding: 6px 10px;
    overflow-wrap: anywhere;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
  }
  .answer .text {
    flex: 1 1 auto;
    min-height: 0;
    padding: 8px 10px;
    overflow: auto;
  }
  .said {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    align-items: center;
    justify-content: space-between;
    padding: 6px 10px;
    font-size: 0.92em;
  }
  .cursor {
    display: inline-block;
    width: 0.5em;
    height: 1em;
    vertical-align: text-bottom;
    background: var(--vscode-editorCursor-foreground, var(--vscode-foreground));
    animation: blink 1s steps(2) infinite;
  }
  @keyframes blink {
    50% {
      opacity: 0;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .cursor {
      animation: none;
    }
  }
  .tokens {
    line-height: 1.8;
    overflow-wrap: anywhere;
  }
  .token {
    margin-right: 1px;
    padding: 1px 0;
    white-space: pre-wrap;
    background: color-mix(in srgb, var(--vscode-charts-orange, #d18616) var(--unlikely, 0%), transparent);
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .legend .token {
    padding: 1px 5px;
    margin-left: 4px;
    color: var(--vscode-foreground);
  }
  .voting {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 12px;
    align-items: center;
  }
  .problem {
    overflow-wrap: anywhere;
  }
  .voting.problem,
  footer .problem {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 8px;
    align-items: center;
  }
  .problem vscode-icon {
    --vscode-icon-foreground: var(--vscode-errorForeground);
    color: var(--vscode-errorForeground);
    vertical-align: text-bottom;
  }
  /* A small panel is scrolled as a whole: beside the form there is no room for answers that scroll by themselves. */
  @media (max-width: 520px), (max-height: 520px) {
    :host {
      padding: 8px 4px;
      overflow-y: auto;
    }
    main {
      flex: none;
      overflow: visible;
    }
    .asked {
      max-height: none;
    }
    .answer {
      min-height: 0;
    }
  }
`;
