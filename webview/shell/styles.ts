import { css } from "lit";

/** Styles of the dashboard's frame: header, tabs, and the view that fills the rest. */
export const shellStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100vh;
    background: var(--vscode-editor-background);
  }
  header {
    flex: none;
    padding: 8px 16px 0;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .runs {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    margin-bottom: 4px;
  }
  .run,
  .overlaid {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    height: 26px;
    padding: 0 6px;
    border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    color: var(--vscode-dropdown-foreground);
    background: var(--vscode-dropdown-background);
    font: inherit;
  }
  .run {
    max-width: 100%;
    cursor: pointer;
  }
  .run b {
    overflow: hidden;
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .overlaid {
    padding-right: 0;
    border-radius: 13px;
  }
  .overlaid .name {
    max-width: 28ch;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    border: 0;
    padding: 0;
    color: inherit;
    background: none;
    font: inherit;
    cursor: pointer;
  }
  .overlaid .name:hover {
    text-decoration: underline;
  }
  .icon {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 4px;
    min-width: 24px;
    height: 24px;
    padding: 0 4px;
    border: 0;
    border-radius: 5px;
    color: var(--vscode-icon-foreground);
    background: none;
    font: inherit;
    cursor: pointer;
  }
  .icon:hover {
    background: var(--vscode-toolbar-hoverBackground);
    outline: 1px dashed var(--vscode-toolbar-hoverOutline, transparent);
  }
  .runs .end {
    display: inline-flex;
    margin-left: auto;
  }
  .banner {
    flex: none;
    display: flex;
    align-items: flex-start;
    gap: 8px;
    padding: 6px 16px;
    color: var(--vscode-foreground);
    background: var(--vscode-inputValidation-warningBackground);
    border-bottom: 1px solid var(--vscode-inputValidation-warningBorder, var(--vscode-contrastBorder, transparent));
  }
  .banner.bad {
    background: var(--vscode-inputValidation-errorBackground);
    border-color: var(--vscode-inputValidation-errorBorder, var(--vscode-contrastBorder, transparent));
  }
  .banner p {
    flex: 1;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  main {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  main > * {
    min-height: 100%;
  }
  main > .notice {
    min-height: 60vh;
  }
  @media (max-width: 640px) {
    header {
      padding: 6px 8px 0;
    }
  }
  /* Zoomed in, or in a small panel, the header would leave no room: it scrolls away, and the view has nearly all of it. */
  @media (max-width: 340px), (max-height: 480px) {
    :host {
      overflow-y: auto;
    }
    main {
      flex: none;
      height: calc(100vh - 24px);
    }
  }
`;
