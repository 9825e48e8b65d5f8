import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { FigureLack } from "../../engine/protocol/service.ts";
import type { Host } from "../host.ts";
import { t } from "../localize.ts";

/** Styles of the list. */
export const lacksStyles = css`
  .lacks {
    margin: 8px 0 0;
    padding: 0;
    list-style: none;
  }
  .lacks li {
    margin-top: 6px;
  }
  .what {
    display: flex;
    gap: 6px;
    align-items: flex-start;
    overflow-wrap: anywhere;
  }
  .what vscode-icon {
    flex: none;
  }
  .how {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: flex-start;
    margin: 4px 0 0 22px;
  }
  .how pre {
    flex: 1 1 260px;
    min-width: 0;
    margin: 0;
    padding: 6px 8px;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 4px;
    background: var(--vscode-textCodeBlock-background);
    color: var(--vscode-foreground);
  }
  .how vscode-button {
    flex: none;
  }
  @media (max-width: 340px) {
    .how {
      margin-left: 0;
    }
  }
`;

/**
 * Things that a figure or table lacks, each with the lines or the command that would add it; nothing where it is whole.
 * Before the button that copies a command stands `also`.
 */
export function lacksList(
  lacks: readonly FigureLack[],
  host: Host,
  also: TemplateResult | typeof nothing = nothing,
): TemplateResult | typeof nothing {
  if (lacks.length === 0) return nothing;
  return html`<ul class="lacks" aria-label=${t("What is missing")}>
    ${lacks.map(
      ({ what, snippet, command }) =>
        html`<li>
          <div class="what"><vscode-icon name="info"></vscode-icon><span>${what}</span></div>
          ${snippet === undefined ? nothing : copied(host, snippet, t("Copy for the Config"))}
          ${command === undefined ? nothing : copied(host, `salsa ${command}`, t("Copy Command"), also)}
        </li>`,
    )}
  </ul>`;
}

function copied(
  host: Host,
  text: string,
  label: string,
  also: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  // The editor itself reports failures.
  const copy = (): void => void host.request("copy", { text }).catch(() => undefined);
  return html`<div class="how">
    <pre class="mono">${text}</pre>
    ${also}<vscode-button secondary icon="copy" @click=${copy}>${label}</vscode-button>
  </div>`;
}
