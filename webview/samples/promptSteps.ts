import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { SampledResponse, SampleRow } from "../../engine/protocol/samples.ts";
import { t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { choice, choiceStyles } from "../parts/choice.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { failedNotice, loadingNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import type { SampleColumn } from "./columns.ts";
import { detailStyles } from "./detailStyles.ts";
import { emptyText, responsePanel } from "./responsePanel.ts";
import { wordDiff } from "./wordDiff.ts";

/** Steps of a prompt that are looked through at most. */
const MOST_STEPS = 1000;
/** Remembered over reloads: the response that a step's is compared with. */
const AGAINST = "samples.against";

/** One prompt through the steps that kept it: a slider over them, with the words that have changed in colour. */
export class PromptSteps extends LitElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    choiceStyles,
    detailStyles,
    css`
      .steps {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 12px;
        margin-bottom: 10px;
      }
      .steps label {
        display: flex;
        flex: 1 1 220px;
        align-items: center;
        gap: 8px;
        max-width: 560px;
      }
      input {
        flex: 1;
        min-width: 80px;
      }
      output {
        min-width: 9ch;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
  static override readonly properties = {
    model: { attribute: false },
    folder: { attribute: false },
    prompt: { attribute: false },
    step: { attribute: false },
    columns: { attribute: false },
    at: { state: true },
  };
  declare model: DashboardModel;
  declare folder: string;
  declare prompt: string;
  /** Step to begin at. */
  declare step: number;
  declare columns: readonly SampleColumn[];
  /** Step that the reader has gone to. */
  declare private at: number | undefined;
  private readonly asked = new LatestRequest<readonly SampleRow[]>(this);
  private shown = "";

  protected override willUpdate(): void {
    const key = `${this.folder} ${this.step} ${this.prompt}`;
    if (key === this.shown) return;
    this.shown = key;
    this.at = undefined;
  }

  protected override render(): TemplateResult {
    const { value: rows, problem } = this.ask();
    if (problem !== undefined)
      return failedNotice(t("The samples could not be read"), problem, () => this.asked.retry());
    if (rows === undefined) return loadingNotice(t("Reading samples…"));
    const wanted = this.at ?? this.step;
    const place = Math.max(
      0,
      rows.findLastIndex(({ step = 0 }) => step <= wanted),
    );
    return html`${rows.length < 2 ? this.onlyOnce() : this.slider(rows, place)}
      <div class="columns">
        ${this.columns.map((column, index) =>
          responsePanel(column, rows[place]?.responses[index] ?? null, (response) =>
            this.text(response, this.earlier(rows, place, index)),
          ),
        )}
      </div>`;
  }

  /** The rows of the prompt, one a step, in the order of the steps. */
  private ask(): LatestRequest<readonly SampleRow[]>["answer"] {
    const { folder, prompt, columns, model } = this;
    const ids = columns.map(({ id }) => id);
    return this.asked.ask(JSON.stringify([folder, prompt, ids]), async () => {
      const query = {
        folder,
        source: { kind: "rollouts" },
        prompt,
        columns: ids,
        offset: 0,
        limit: MOST_STEPS,
      } as const;
      const { rows } = await model.host.request("samples", query);
      return [...new Map(rows.map((row) => [row.step ?? 0, row])).values()].sort(
        (a, b) => (a.step ?? 0) - (b.step ?? 0),
      );
    });
  }

  private onlyOnce(): TemplateResult {
    return html`<p class="muted">
      ${t("This prompt was kept at one step only. “At several steps” lists those that were kept at several.")}
    </p>`;
  }

  private slider(rows: readonly SampleRow[], place: number): TemplateResult {
    const step = rows[place]?.step ?? 0;
    const move = ({ target }: Event): void => {
      this.at = rows[Number((target as HTMLInputElement).value)]?.step;
    };
    return html`<div class="steps">
      <label>
        ${t("Step")}
        <input
          type="range"
          min="0"
          max=${rows.length - 1}
          step="1"
          .value=${String(place)}
          aria-valuetext=${t("step {0}", step)}
          @input=${move}
        />
        <output>${t("step {0}", step)}</output>
      </label>
      <span class="muted">${t("{0} of {1}", place + 1, rows.length)}</span>
      <span class="field"
        >${t("Changes since")}
        ${choice({
          label: t("Changes since"),
          options: [
            { value: "previous", label: t("the step before") },
            { value: "first", label: t("the first step") },
          ],
          value: this.against,
          chosen: (value) => {
            this.model.set(AGAINST, value);
            this.requestUpdate();
          },
        })}</span
      >
    </div>`;
  }

  /** A column's response that the shown one is compared with. */
  private earlier(rows: readonly SampleRow[], place: number, column: number): SampledResponse | undefined {
    const before = rows.slice(0, place).flatMap(({ responses }) => responses[column] ?? []);
    return this.against === "first" ? before[0] : before.at(-1);
  }

  private get against(): string {
    return this.model.setting(AGAINST, "previous");
  }

  private text({ text }: SampledResponse, earlier: SampledResponse | undefined): TemplateResult {
    if (text === "") return emptyText();
    const pieces = earlier === undefined ? [{ text, isChanged: false }] : wordDiff(earlier.text, text).right;
    const isSame = earlier !== undefined && pieces.every(({ isChanged }) => !isChanged);
    const parts = pieces.map((piece) => (piece.isChanged ? html`<ins>${piece.text}</ins>` : piece.text));
    // Nothing may stand between the tags: spaces are kept as they are.
    return html`<p class="text">${parts}</p>
      ${isSame ? html`<p class="muted">${t("unchanged")}</p>` : nothing}`;
  }
}

customElements.define("salsa-prompt-steps", PromptSteps);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-prompt-steps": PromptSteps;
  }
}
