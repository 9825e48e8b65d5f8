import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { ComparisonRow, SampledResponse, GameView } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { warning } from "../parts/notice.ts";
import { marked } from "../parts/matches.ts";

/** Names of the two models. */
interface Names {
  readonly a: string;
  readonly b: string;
}

/** Styles of a judged prompt. */
export const comparisonStyles = css`
  .title {
    margin-bottom: 10px;
  }
  vscode-textfield {
    width: 240px;
  }
  ol {
    margin: 8px 0 12px;
    padding: 0;
    list-style: none;
  }
  article {
    margin-bottom: 10px;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    overflow: hidden;
  }
  .prompt {
    padding: 6px 10px;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    background: var(--vscode-textBlockQuote-background);
  }
  .answers {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(260px, 1fr));
  }
  .answer {
    min-width: 0;
    padding: 6px 10px;
    border-left: 3px solid transparent;
  }
  .answer.preferred {
    border-left-color: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
    background: var(--vscode-diffEditor-insertedLineBackground, transparent);
  }
  .answer header {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    align-items: center;
    margin-bottom: 4px;
  }
  .answer.preferred .muted {
    color: inherit; /* what is muted is too faint on the ground of the preferred one */
  }
  .answer .check {
    display: inline-flex;
    gap: 4px;
    align-items: center;
  }
  .answer .check vscode-icon {
    color: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
  }
  .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .games {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
    padding: 6px 10px;
    color: var(--vscode-descriptionForeground);
    border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .games b {
    color: var(--vscode-foreground);
  }
  .games details {
    flex-basis: 100%;
  }
  .games summary {
    cursor: pointer;
  }
  .games pre {
    margin: 4px 0 8px;
    padding: 8px;
    max-height: 320px;
    overflow: auto;
    white-space: pre-wrap;
    color: var(--vscode-foreground);
    background: var(--vscode-textCodeBlock-background);
  }
`;

/** One prompt, both answers and both games; the preferred answer has a line and a tick. */
export function comparison(row: ComparisonRow, names: Names, search: string): TemplateResult {
  const { prompt, a, b, outcome, games, seed } = row;
  const isFlip = games[0].winner !== games[1].winner;
  return html`<article aria-label=${prompt.slice(0, 80)}>
    <p class="prompt mono">${marked(prompt, search)}</p>
    <div class="answers">
      ${answer(names.a, a, outcome === "win", search)} ${answer(names.b, b, outcome === "loss", search)}
    </div>
    <div class="games">
      ${game(t("Game 1, {0} first", names.a), games[0], names)}
      ${game(t("Game 2, {0} first", names.b), games[1], names)}
      <span>${outcomeText(outcome, names)}</span>
      ${isFlip ? warning(t("The judge's verdict changed with the order.")) : nothing}
      <span>${t("seed {0}", seed)}</span>
      ${words(t("Game 1"), games[0])} ${words(t("Game 2"), games[1])}
    </div>
  </article>`;
}

function answer(name: string, response: SampledResponse, isPreferred: boolean, search: string): TemplateResult {
  const { text, score, gold, nTokens, ended } = response;
  return html`<div class="answer ${isPreferred ? "preferred" : ""}">
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
  </div>`;
}

function game(label: string, { winner }: GameView, names: Names): TemplateResult {
  const verdicts = { a: names.a, b: names.b, tie: t("tie"), error: t("no verdict") };
  return html`<span>${label}: <b>${verdicts[winner]}</b></span>`;
}

function outcomeText(outcome: ComparisonRow["outcome"], { a, b }: Names): string {
  switch (outcome) {
    case "win":
      return t("Counts as a win for {0}", a);
    case "loss":
      return t("Counts as a win for {0}", b);
    case "tie":
      return t("Counts as a tie");
    case "dropped":
      return t("Left out: the judge gave no verdict");
  }
}

/** A scoring judge is shown nothing and says nothing. */
function words(label: string, { prompt, judgment }: GameView): TemplateResult | typeof nothing {
  if (prompt === "" && judgment === "") return nothing;
  return html`<details>
    <summary>${t("{0}: what the judge was shown and said", label)}</summary>
    <pre class="mono" role="region" tabindex="0" aria-label=${t("{0}: what the judge was shown", label)}>${prompt}</pre>
    <pre class="mono" role="region" tabindex="0" aria-label=${t("{0}: what the judge said", label)}>${judgment}</pre>
  </details>`;
}
