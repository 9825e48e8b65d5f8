import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { SampledResponse } from "../../engine/protocol/samples.ts";
import type { ComparisonRow, GameView } from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import { percent, short } from "../parts/format.ts";
import { marked } from "../parts/matches.ts";
import { warning } from "../parts/notice.ts";
import { gameName, type Names, outcomeText } from "./verdicts.ts";

/** Styles of a judged prompt. */
export const comparisonStyles = css`
  .prompt {
    padding: 8px 10px;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    border-left: 3px solid var(--vscode-textBlockQuote-border, var(--vscode-focusBorder));
    background: var(--vscode-textBlockQuote-background);
  }
  .columns {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(260px, 1fr));
    gap: 10px;
    margin-top: 10px;
  }
  article {
    min-width: 0;
    padding: 8px 10px;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-left-width: 3px;
    border-radius: 4px;
  }
  article.preferred {
    border-left-color: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
  }
  article header {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    align-items: center;
    margin-bottom: 6px;
  }
  .check {
    display: inline-flex;
    gap: 4px;
    align-items: center;
  }
  .check vscode-icon {
    color: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
  }
  .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
    margin-top: 10px;
    color: var(--vscode-descriptionForeground);
  }
  .facts b {
    color: var(--vscode-foreground);
  }
  summary {
    margin-top: 6px;
    cursor: pointer;
    color: var(--vscode-descriptionForeground);
  }
  pre {
    margin: 4px 0 0;
    padding: 8px;
    max-height: 320px;
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    background: var(--vscode-textCodeBlock-background);
    border: 1px solid var(--vscode-contrastBorder, transparent);
  }
`;

/** How a comparison is read. */
export interface ComparisonView {
  readonly names: Names;
  readonly search: string;
  /** True while names and the judge's verdict are hidden. */
  readonly isHidden: boolean;
  /** True if b stands first. */
  readonly isSwapped: boolean;
}

/** Both answers to a prompt; the one that the judge prefers has a line and a tick. */
export function answers({ a, b, outcome }: ComparisonRow, reading: ComparisonView): TemplateResult {
  const { names, isHidden, isSwapped } = reading;
  const sides = [
    { name: names.a, response: a, isPreferred: outcome === "win" },
    { name: names.b, response: b, isPreferred: outcome === "loss" },
  ];
  if (isSwapped) sides.reverse();
  return html`<div class="columns">
    ${sides.map(({ name, response, isPreferred }, place) =>
      isHidden
        ? hiddenAnswer(place === 0 ? "A" : "B", response, reading)
        : answer(name, response, isPreferred, reading.search),
    )}
  </div>`;
}

/** Without what may tell who wrote it, or how good it is held to be. */
function hiddenAnswer(name: string, response: SampledResponse, { search }: ComparisonView): TemplateResult {
  const { score: _, gold: __, ...rest } = response;
  return answer(name, { ...rest, score: null }, false, search);
}

/** The judge's view of both answers: each game with its verdict and the judge's words, and what they add up to. */
export function games(row: ComparisonRow, names: Names): TemplateResult {
  const { games: both, outcome, agreement, isSuspicious = false, seed, turn, category } = row;
  const [one, two] = both;
  return html`<div class="facts">
      <b>${outcomeText(outcome, names)}</b>
      ${one.winner === two.winner ? nothing : warning(t("The judge's verdict changed with the order."))}
      ${agreement === undefined ? nothing : panel(agreement)}
      ${isSuspicious ? warning(t("The prompt or an answer looks as if it told the judge what to say.")) : nothing}
      ${category === undefined ? nothing : html`<span>${category}</span>`}
      ${turn === undefined ? nothing : html`<span>${t("turn {0}", turn)}</span>`}
      <span>${t("seed {0}", seed)}</span>
    </div>
    <div class="columns">
      ${game(t("Game 1, {0} first", names.a), one, names)} ${game(t("Game 2, {0} first", names.b), two, names)}
    </div>`;
}

function panel(agreement: number): TemplateResult {
  const text = t("Two judges of the panel say the same in {0} % of cases", percent(agreement, 0));
  return agreement < 1 ? warning(text) : html`<span>${text}</span>`;
}

function answer(name: string, response: SampledResponse, isPreferred: boolean, search: string): TemplateResult {
  const { text, score, gold, nTokens, ended } = response;
  return html`<article class=${isPreferred ? "preferred" : ""} aria-label=${t("Answer of {0}", name)}>
    <header>
      <h3>${name}</h3>
      ${
        isPreferred
          ? html`<span class="check"><vscode-icon name="check" size="14"></vscode-icon>${t("preferred")}</span>`
          : nothing
      }
      <span class="muted">${t("{0} tokens", nTokens)}</span>
      ${score === null ? nothing : html`<span title=${score}>${t("score {0}", short(score))}</span>`}
      ${gold === undefined ? nothing : html`<span title=${gold}>${t("gold {0}", short(gold))}</span>`}
      ${ended ? nothing : warning(t("cut off"))}
    </header>
    ${
      text === ""
        ? html`<p class="muted"><i>${t("(empty)")}</i></p>`
        : html`<p class="text">${marked(text, search)}</p>`
    }
  </article>`;
}

/** A scoring judge is shown nothing and says nothing. */
function game(label: string, view: GameView, names: Names): TemplateResult {
  const { prompt, judgment } = view;
  return html`<article aria-label=${label}>
    <header>
      <h3>${label}</h3>
      <span>${t("verdict:")} <b>${gameName(view, names)}</b></span>
    </header>
    ${judgment === "" ? nothing : html`<p class="text">${judgment}</p>`}
    ${
      prompt === ""
        ? nothing
        : html`<details>
            <summary>${t("What the judge was shown")}</summary>
            <pre class="mono" role="region" tabindex="0" aria-label=${t("{0}: what the judge was shown", label)}>
${prompt}</pre>
          </details>`
    }
  </article>`;
}
