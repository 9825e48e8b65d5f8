import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { RunProvenance } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";
import { warning } from "../parts/notice.ts";
import { type DiffLine, diffLines } from "./diffLines.ts";

/** Lines of a diff that are shown here; the editor shows the rest better. */
const MOST_LINES = 400;

/** Actions on the diff. */
interface DiffActions {
  readonly copy: (text: string) => void;
  readonly open: (text: string) => void;
}

/** Styles of the git state. */
export const sourceStyles = css`
  .diff {
    max-height: 420px;
    margin: 8px 0 0;
    overflow: auto;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
  }
  .diff div {
    min-width: max-content;
    padding: 0 8px;
    white-space: pre;
    line-height: 1.5;
  }
  .diff .file {
    font-weight: 600;
  }
  .diff .place {
    color: var(--vscode-descriptionForeground);
  }
  .diff .added {
    background: var(--vscode-diffEditor-insertedLineBackground, transparent);
    outline: 1px dashed var(--vscode-diffEditor-insertedTextBorder, transparent);
    outline-offset: -1px;
  }
  .diff .removed {
    background: var(--vscode-diffEditor-removedLineBackground, transparent);
    outline: 1px dashed var(--vscode-diffEditor-removedTextBorder, transparent);
    outline-offset: -1px;
  }
`;

/** The commit that the program was at, and the uncommitted changes line by line. */
export function sourceState(git: RunProvenance["git"], actions: DiffActions): TemplateResult {
  if (git === undefined) {
    return html`<p class="muted">${t("The run was not started in a git repository, so its source is not known.")}</p>`;
  }
  const { commit, branch, dirty, diff } = git;
  return html`<div class="toolbar">
      <span class="field"
        ><vscode-icon name="git-commit"></vscode-icon><code class="mono">${commit.slice(0, 12)}</code></span
      >
      <button class="link" @click=${() => actions.copy(commit)}>${t("Copy Commit")}</button>
      <span class="field"><vscode-icon name="git-branch"></vscode-icon>${branch}</span>
      ${
        dirty
          ? warning(t("with uncommitted changes"))
          : html`<span class="field"><vscode-icon name="check"></vscode-icon>${t("no uncommitted changes")}</span>`
      }
    </div>
    ${diff === "" ? nothing : diffOf(diff, actions)}`;
}

function diffOf(diff: string, { copy, open }: DiffActions): TemplateResult {
  const { lines, nAdded, nRemoved, nFiles } = diffLines(diff);
  const shown = lines.slice(0, MOST_LINES);
  const nMore = lines.length - shown.length;
  return html`<div class="toolbar summary">
      <span>${t("Files changed: {0}; lines added: {1}, removed: {2}", nFiles, whole(nAdded), whole(nRemoved))}</span>
      <vscode-button secondary icon="go-to-file" @click=${() => open(diff)}>${t("Open in Editor")}</vscode-button>
      <vscode-button secondary icon="copy" @click=${() => copy(diff)}>${t("Copy")}</vscode-button>
    </div>
    <div class="diff mono" role="region" tabindex="0" aria-label=${t("Uncommitted changes")}>
      ${shown.map(line)}
      ${nMore > 0 ? html`<div class="place">${t("{0} more lines: open them in the editor", whole(nMore))}</div>` : nothing}
    </div>`;
}

function line({ kind, text }: DiffLine): TemplateResult {
  return html`<div class=${kind}>${text === "" ? " " : text}</div>`;
}
