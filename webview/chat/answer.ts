import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import type { ChatAnswer } from "./conversation.ts";
import { tokenShades } from "./tokens.ts";

/** A card with one model's answer. */
export interface AnswerCard {
  readonly name: string;
  readonly folder: string;
  readonly answer: ChatAnswer;
  readonly showsTokens: boolean;
  readonly isChosen: boolean;
  /** Votes for it; undefined where nobody can now. */
  readonly vote: (() => void) | undefined;
}

/** An answer under its model's name, as it comes; screen readers hear it when it is whole. */
export function answerCard({ name, folder, answer, showsTokens, isChosen, vote }: AnswerCard): TemplateResult {
  const isOpen = answer.end === undefined && answer.problem === undefined;
  return html`<section class="answer ${isChosen ? "chosen" : ""}" aria-label=${t("Answer of {0}", name)}>
    <h2 title=${folder}>
      ${isChosen ? html`<vscode-icon name="check" size="14" label=${t("Better")}></vscode-icon>` : nothing} ${name}
    </h2>
    <div
      class="text"
      aria-live="polite"
      aria-busy=${isOpen ? "true" : "false"}
      tabindex="0"
      role="group"
      aria-label=${t("Text")}
    >
      ${showsTokens ? tokenShades(answer.tokens) : html`<span class="said">${answer.text}</span>`}
      ${isOpen ? html`<span class="cursor" aria-hidden="true"></span>` : nothing}
      ${
        answer.problem === undefined
          ? nothing
          : html`<p class="problem" role="alert">
              <vscode-icon name="error" size="14"></vscode-icon> ${answer.problem}
            </p>`
      }
    </div>
    <div class="facts">
      <span class="muted">${factsOf(answer)}</span>
      ${
        vote === undefined
          ? nothing
          : html`<vscode-button icon="thumbsup" aria-label=${t("{0} is better", name)} @click=${vote}
              >${t("Better")}</vscode-button
            >`
      }
    </div>
  </section>`;
}

function factsOf({ tokens, end, ms }: ChatAnswer): string {
  const count = tokens.length === 1 ? t("1 token") : t("{0} tokens", tokens.length);
  const speed = ms > 0 && tokens.length > 1 ? [t("{0} tokens/s", short(((tokens.length - 1) * 1000) / ms))] : [];
  return [count, ...speed, ...(end === undefined ? [] : [endText(end)])].join(", ");
}

function endText(end: NonNullable<ChatAnswer["end"]>): string {
  switch (end) {
    case "stop":
      return t("ended by itself");
    case "length":
      return t("cut off at max tokens");
    case "stopped":
      return t("stopped");
  }
}
