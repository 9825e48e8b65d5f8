import { css } from "lit";

/** Styles of the grid of runs: columns of fixed widths, of which the first stay in place. */
export const runsGridStyles = css`
  .canvas,
  .head {
    width: var(--whole);
    min-width: 100%;
  }
  .line {
    display: flex;
  }
  .cell {
    flex: none;
    align-items: center;
    padding: 3px 8px;
  }
  .gap {
    flex: none;
    width: var(--gap);
  }
  .w120 {
    width: 120px;
  }
  .w130 {
    width: 130px;
  }
  .w170 {
    width: 170px;
  }
  .w280 {
    width: 280px;
  }
  .right {
    justify-content: flex-end;
    font-variant-numeric: tabular-nums;
  }
  /* One layer a row, and not one a cell: layers cost in every frame. */
  .pins {
    display: flex;
    flex: none;
    position: sticky;
    left: 0;
    z-index: 1;
    background: inherit;
  }
  .check {
    position: relative;
    gap: 4px;
    width: 50px;
  }
  .check input {
    margin: 0;
    accent-color: var(--vscode-button-background);
  }
  .text,
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .cell.group {
    font-weight: 600;
    cursor: pointer;
  }
  .cell.group .muted {
    font-weight: 400;
  }
  .count {
    flex: none;
  }
  .member {
    padding-left: 18px;
  }
  .tag {
    display: inline-block;
    margin-right: 4px;
    padding: 0 6px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 9px;
    font-size: 0.85em;
    color: var(--vscode-badge-foreground);
    background: var(--vscode-badge-background);
  }
  .sort {
    display: flex;
    gap: 4px;
    align-items: center;
    min-width: 0;
    max-width: 100%;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    cursor: pointer;
  }
  .sort:hover .name {
    text-decoration: underline;
  }
`;
