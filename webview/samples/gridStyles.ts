import { css } from "lit";

/** Styles of the grid of samples: its columns, and the text in them. */
export const gridStyles = css`
  .canvas,
  .head {
    min-width: calc(260px + var(--columns) * 200px);
  }
  .line {
    grid-template-columns: minmax(200px, 1.1fr) repeat(var(--columns), minmax(200px, 1fr));
  }
  .stepped .line {
    grid-template-columns: 52px minmax(200px, 1.1fr) repeat(var(--columns), minmax(200px, 1fr));
  }
  .cell.step {
    justify-content: flex-end;
  }
  /* What stays in place is a layer of its own, which costs in every frame: only where there is a way to the side. */
  .wide .cell.step,
  .wide .cell.prompt {
    position: sticky;
    left: 0;
    z-index: 1;
    background: inherit;
  }
  .wide.stepped .cell.prompt {
    left: 52px;
  }
  /* In a narrow panel it would leave no room for what passes by it. */
  @media (max-width: 480px) {
    .wide .cell.prompt {
      position: static;
    }
  }
  .cell.place {
    box-shadow: inset 0 -2px var(--vscode-focusBorder);
  }
  .name {
    flex: 1;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .text {
    display: -webkit-box;
    flex: 1;
    min-width: 0;
    max-height: calc(var(--lines) * 1.4em);
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: var(--lines);
    line-clamp: var(--lines);
    white-space: pre-line;
  }
  .score {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    min-width: 40px;
    opacity: 0.9;
  }
  .compact .score {
    flex-direction: row-reverse;
    gap: 4px;
    justify-content: flex-start;
  }
  .head .score,
  .head .name .muted {
    font-weight: normal;
    opacity: 1;
  }
  .unended {
    color: var(--vscode-editorWarning-foreground, currentColor);
  }
  .coming .prompt .text::before {
    content: "";
    width: 60%;
    height: 0.8em;
    margin-top: 0.3em;
    border-radius: 3px;
    background: currentColor;
    opacity: 0.12;
  }
`;
