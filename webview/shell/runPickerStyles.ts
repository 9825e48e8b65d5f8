import { css } from "lit";

/** Styles of the list of runs, which looks like the editor's own quick pick. */
export const pickerStyles = css`
  :host {
    position: absolute;
    z-index: 20;
    top: 100%;
    left: 0;
    width: min(560px, calc(100vw - 24px));
  }
  .popup {
    display: flex;
    flex-direction: column;
    gap: 4px;
    max-height: min(420px, 60vh);
    margin-top: 4px;
    padding: 6px;
    color: var(--vscode-editorWidget-foreground, var(--vscode-foreground));
    background: var(--vscode-editorWidget-background);
    border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent));
    border-radius: 6px;
    box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
  }
  input {
    height: 26px;
    flex: none;
    padding: 3px 6px;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
    border-radius: 2px;
    font: inherit;
  }
  input::placeholder {
    color: var(--vscode-input-placeholderForeground);
  }
  #runs {
    overflow-y: auto;
  }
  .group {
    padding: 6px 8px 2px;
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
    font-weight: 600;
  }
  .run {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 24px;
    padding: 0 8px;
    border-radius: 3px;
    cursor: pointer;
    white-space: nowrap;
  }
  .run .id {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .run .date {
    margin-left: auto;
  }
  .run:hover {
    background: var(--vscode-list-hoverBackground);
  }
  .run[data-active] {
    color: var(--vscode-list-activeSelectionForeground, inherit);
    background: var(--vscode-list-activeSelectionBackground);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .run[data-active] .muted {
    color: inherit;
    opacity: 0.85;
  }
  @media (max-width: 480px) {
    .run .date {
      display: none;
    }
  }
  .none {
    padding: 4px 8px;
    color: var(--vscode-descriptionForeground);
  }
`;
