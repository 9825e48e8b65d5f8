import { css } from "lit";

/** Styles of the view as a whole: it fills its container, and only its panes scroll. */
export const samplesStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: 8px;
    height: 100%;
    padding: 12px 16px;
    min-height: 420px;
  }
  .status {
    display: flex;
    flex-wrap: wrap;
    gap: 12px;
    align-items: center;
    min-height: 22px;
    color: var(--vscode-descriptionForeground);
  }
  .new {
    padding: 1px 10px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 11px;
    color: var(--vscode-button-foreground);
    background: var(--vscode-button-background);
    font: inherit;
    cursor: pointer;
  }
  .new:hover {
    background: var(--vscode-button-hoverBackground);
  }
  .panes {
    display: flex;
    flex-direction: column;
    flex: 1;
    min-height: 0;
  }
  salsa-sample-grid {
    flex: 1;
    min-height: 0;
  }
  salsa-sample-detail {
    flex: none;
    height: calc(var(--share) * 100%);
    min-height: 0;
  }
  @media (max-width: 340px), (max-height: 480px) {
    :host {
      height: auto;
      padding: 8px;
    }
    .panes {
      flex: none;
      height: max(480px, 90vh);
    }
  }
`;
