import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { VERDICTS } from "../../engine/protocol/comparisons.ts";
import { type ComparisonRow, LONGEST_NOTE, type Vote } from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";
import { marked } from "../parts/matches.ts";
import { warning } from "../parts/notice.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import { answers, comparisonStyles, games, type ComparisonView } from "./comparison.ts";
import { outcomeName, voteName } from "./verdicts.ts";

/** Requests to close the open comparison, or to show another. */
export class StepEvent extends Event {
  static readonly type = "step";
  readonly to: "close" | "previous" | "next";

  constructor(to: StepEvent["to"]) {
    super(StepEvent.type);
    this.to = to;
  }
}

/** A person's opinion of the open comparison; what is left out stays as it is. */
export class OpinionEvent extends Event {
  static readonly type = "opinion";
  readonly opinion: { readonly vote?: Vote | null; readonly note?: string };

  constructor(opinion: OpinionEvent["opinion"]) {
    super(OpinionEvent.type);
    this.opinion = opinion;
  }
}

/** The votes in the order in which their answers stand; keys 1 to 3 cast them. */
export function votesInOrder(isSwapped: boolean): readonly Vote[] {
  return isSwapped ? ["b", "tie", "a"] : ["a", "tie", "b"];
}

/** One comparison in full: prompt, both answers, a person's vote and note, both games with the judge's words. */
export class PairDetail extends LitElement {
  static override readonly styles = [
    baseStyles,
    controlStyles,
    comparisonStyles,
    css`
      section {
        display: flex;
        flex-direction: column;
        height: 100%;
        min-height: 0;
      }
      .bar {
        flex: none;
        padding: 6px 0;
      }
      .body {
        flex: 1;
        min-height: 0;
        overflow: auto;
      }
      .opinion {
        margin-top: 10px;
      }
      .opinion .note {
        flex: 1 1 240px;
        align-items: flex-start;
      }
      textarea {
        flex: 1;
        min-width: 0;
        padding: 3px 6px;
        color: var(--vscode-input-foreground);
        background: var(--vscode-input-background);
        border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
        border-radius: 2px;
        font: inherit;
        resize: vertical;
      }
      textarea::placeholder {
        color: var(--vscode-input-placeholderForeground);
      }
    `,
  ];
  static override readonly properties = {
    row: { attribute: false },
    reading: { attribute: false },
    place: { attribute: false },
    total: { attribute: false },
    problem: { attribute: false },
  };
  declare row: ComparisonRow;
  declare reading: ComparisonView;
  /** Index in the list. */
  declare place: number;
  declare total: number;
  /** Why the last opinion was not kept. */
  declare problem: string | undefined;

  protected override render(): TemplateResult {
    const { row, reading } = this;
    return html`<section aria-label=${t("Comparison in full")}>
      <div class="bar toolbar">
        <h2>${t("Prompt {0}", whole(row.index + 1))}</h2>
        <span class="muted">${t("{0} of {1}", whole(this.place + 1), whole(this.total))}</span>
        <span class="buttons">
          <vscode-toolbar-button
            icon="pin"
            label=${t("Make a Test Prompt of This")}
            title=${t("Make a Test Prompt of This: every later run answers it")}
            @click=${() => this.dispatchEvent(new Event("pin"))}
          ></vscode-toolbar-button>
          ${this.button("arrow-up", t("Previous Prompt (k)"), "previous")}
          ${this.button("arrow-down", t("Next Prompt (j)"), "next")} ${this.button("close", t("Close"), "close")}
        </span>
      </div>
      <div class="body" role="region" tabindex="0" aria-label=${t("Prompt, answers and verdicts")}>
        <p class="prompt mono">${marked(row.prompt, reading.search)}</p>
        ${answers(row, reading)} ${this.opinion()}
        ${
          reading.isHidden
            ? html`<p class="facts">${t("The judge's verdict and the names are shown once you have voted.")}</p>`
            : games(row, reading.names)
        }
      </div>
    </section>`;
  }

  private opinion(): TemplateResult {
    const { isSwapped, isHidden, names } = this.reading;
    const { vote } = this.row.annotation ?? {};
    const [left, right] = isHidden ? ["A", "B"] : isSwapped ? [names.b, names.a] : [names.a, names.b];
    const labels = [t("{0} is better", left), t("Tie"), t("{0} is better", right)];
    return html`<div class="opinion toolbar" role="group" aria-label=${t("Your vote")}>
        <span class="chips">
          ${votesInOrder(isSwapped).map(
            (value, at) =>
              html`<button
                class="chip"
                aria-pressed=${value === vote ? "true" : "false"}
                aria-keyshortcuts=${at + 1}
                @click=${() => this.tell({ vote: value })}
              >
                ${at + 1} · ${labels[at]}
              </button>`,
          )}
        </span>
        <span role="status">${this.standing()}</span>
        ${
          vote === undefined
            ? nothing
            : html`<button class="link" @click=${() => this.tell({ vote: null })}>${t("Withdraw")}</button>`
        }
        ${this.problem === undefined ? nothing : html`<span role="alert">${warning(this.problem)}</span>`}
      </div>
      <div class="opinion toolbar">${this.note()}</div>`;
  }

  /** How the vote compares with the verdict. */
  private standing(): string {
    const { annotation = {}, outcome } = this.row;
    const { vote, isBlind = false } = annotation;
    const { names } = this.reading;
    if (vote === undefined) return t("Not voted on yet: press 1, 2 or 3");
    const own = isBlind
      ? t("Your blind vote: {0}.", voteName(vote, names))
      : t("Your vote: {0}.", voteName(vote, names));
    if (outcome === "dropped") return `${own} ${t("The judge gave no verdict.")}`;
    const isSame = VERDICTS[outcome] === vote;
    return `${own} ${
      isSame ? t("The judge agrees.") : t("The judge does not agree: {0}.", outcomeName(outcome, names))
    }`;
  }

  private note(): unknown {
    const { seed, index, annotation } = this.row;
    // A new field for each comparison: what was typed and not kept must not stand under the next one.
    return keyed(
      `${seed} ${index}`,
      html`<label class="field note"
        >${t("Note")}
        <textarea
          rows="1"
          maxlength=${LONGEST_NOTE}
          placeholder=${t("A note for yourself; kept when you leave the field")}
          .value=${annotation?.note ?? ""}
          @change=${(event: Event) => this.tell({ note: (event.target as HTMLTextAreaElement).value.trim() })}
          @keydown=${onNoteKey}
        ></textarea>
      </label>`,
    );
  }

  private tell(opinion: OpinionEvent["opinion"]): void {
    this.dispatchEvent(new OpinionEvent(opinion));
  }

  private button(icon: string, label: string, to: StepEvent["to"]): TemplateResult {
    return html`<vscode-toolbar-button
      icon=${icon}
      label=${label}
      title=${label}
      @click=${() => this.dispatchEvent(new StepEvent(to))}
    ></vscode-toolbar-button>`;
  }
}

/** Leaving the field keeps the note, also where Escape closes what it stands in. */
function onNoteKey(event: KeyboardEvent): void {
  if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey)))
    (event.currentTarget as HTMLTextAreaElement).blur();
}

customElements.define("salsa-pair-detail", PairDetail);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-pair-detail": PairDetail;
  }
}
