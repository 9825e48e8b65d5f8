import { css } from "lit";

/** Styles of the view of figures. */
export const figuresStyles = css`
  :host {
    padding: 12px 16px;
  }
  .title {
    margin-bottom: 10px;
  }
  .contents {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 14px;
    margin: 0 0 14px;
    padding: 0;
    list-style: none;
  }
  article {
    max-width: 940px;
    margin-bottom: 16px;
    padding: 10px 12px;
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
    border-radius: 6px;
    scroll-margin-top: 8px;
  }
  .head {
    display: flex;
    gap: 8px;
    align-items: flex-start;
  }
  .head > div {
    flex: 1;
    min-width: 0;
  }
  .head h3 {
    overflow-wrap: anywhere;
  }
  @media (max-width: 340px) {
    :host {
      padding: 8px;
    }
    .head {
      flex-wrap: wrap;
      margin-left: 0;
    }
  }
`;

/** Styles of one drawn figure. */
export const figurePlotStyles = css`
  :host {
    display: block;
    margin-top: 6px;
  }
  .picture {
    position: relative;
    border-radius: 4px;
    touch-action: pan-y;
  }
  .picture:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 2px;
  }
  img {
    display: block;
    width: 100%;
    height: auto;
    user-select: none;
    -webkit-user-drag: none;
  }
  .ring {
    position: absolute;
    width: 14px;
    height: 14px;
    margin: -7px 0 0 -7px;
    border: 2px solid var(--vscode-focusBorder, var(--vscode-foreground));
    border-radius: 50%;
    pointer-events: none;
  }
  .band {
    position: absolute;
    background: var(--vscode-editor-selectionBackground, rgba(128, 128, 128, 0.25));
    opacity: 0.6;
    pointer-events: none;
  }
  .tip {
    position: absolute;
    z-index: 5;
    max-width: 300px;
    padding: 5px 8px;
    border: 1px solid var(--vscode-editorHoverWidget-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    color: var(--vscode-editorHoverWidget-foreground);
    background: var(--vscode-editorHoverWidget-background);
    box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    font-size: 12px;
    overflow-wrap: anywhere;
    pointer-events: none;
  }
`;
