import { css } from "lit";

/** Styles of the view as a whole: it fills its container, and only table and plots scroll. */
export const sweepStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: 8px;
    height: 100%;
    min-height: 460px;
    padding: 12px 16px;
  }
  .best {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    align-items: center;
    min-height: 26px;
  }
  .best b {
    overflow-wrap: anywhere;
  }
  code {
    overflow-wrap: anywhere;
  }
  .panes {
    display: flex;
    flex: 1;
    gap: 10px;
    min-height: 0;
  }
  .panes > .notice {
    flex: 1;
  }
  salsa-runs-grid,
  salsa-runs-plot {
    flex: 1;
    min-width: 0;
    min-height: 200px;
  }
  aside {
    display: flex;
    flex: none;
    width: 300px;
    min-height: 0;
    padding-left: 10px;
    border-left: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
  }
  aside > * {
    flex: 1;
    min-width: 0;
  }
  @media (max-width: 620px) {
    :host {
      height: max(100%, 760px);
    }
    .panes {
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
