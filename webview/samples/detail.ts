import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { SampledResponse, SampleRow, SampleSource, TokenView } from "../../engine/protocol/samples.ts";
import { t } from "../localize.ts";
import type { DashboardModel, SettingValue } from "../model.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { whole } from "../parts/format.ts";
import { marked } from "../parts/matches.ts";
import { failedNotice, loadingNotice } from "../parts/notice.ts";
import { radios } from "../parts/radios.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { pinPrompt } from "../shell/pinPrompt.ts";
import { titleOfRun } from "../shell/runList.ts";
import { isOfTestPrompts } from "./acrossRuns.ts";
import { type ComparedPair, firstArms, type SampleColumn, sampleColumns } from "./columns.ts";
import { detailStyles } from "./detailStyles.ts";
import { type HeatScale, heatScale, QUANTITIES, type Quantity } from "./heat.ts";
import { heatLegend } from "./legend.ts";
import { emptyText, responsePanel } from "./responsePanel.ts";
import { quantityLabel } from "./tokenMap.ts";
import { type Piece, wordDiff } from "./wordDiff.ts";
import "./promptSteps.ts";
import "./tokenMap.ts";

/** Keys of settings that persist across reloads: how a sample is displayed. */
const [MODE, QUANTITY] = ["samples.mode", "samples.quantity"];
const [BASE, OTHER] = ["samples.base", "samples.other"];
/** Stands for the first two arms, whichever these are, until others are chosen. */
const FIRST_ARMS = "first arms";

/** A sample as text with the differences of two, token by token, or its prompt through the steps. */
const MODES = ["text", "tokens", "steps"] as const;
type Mode = (typeof MODES)[number];

/** A response with the run and column that it is of. */
interface Shown {
  readonly folder: string;
  readonly column: SampleColumn;
  readonly response: SampledResponse | null;
}

/** Requests the parent view to close the detail, or to show another sample. */
export class DetailEvent extends Event {
  static readonly type = "detail";
  readonly wish: "close" | "previous" | "next";

  constructor(wish: "close" | "previous" | "next") {
    super(DetailEvent.type);
    this.wish = wish;
  }
}

/** One prompt with all its responses in full: as text with differences between two, or token by token. */
export class SampleDetail extends LitElement {
  static override readonly styles = [baseStyles, noticeStyles, controlStyles, detailStyles];
  static override readonly properties = {
    model: { attribute: false },
    folder: { attribute: false },
    row: { attribute: false },
    source: { attribute: false },
    columns: { attribute: false },
    search: { attribute: false },
    index: { attribute: false },
    total: { attribute: false },
    runs: { attribute: false },
  };
  declare model: DashboardModel;
  declare folder: string;
  declare row: SampleRow;
  declare source: SampleSource;
  declare columns: readonly SampleColumn[];
  declare search: string;
  declare index: number;
  declare total: number;
  /** Runs in focus, whose responses to the prompt are shown beside the first one's. */
  declare runs: readonly string[];
  private readonly tokens = new LatestRequest<readonly TokenView[]>(this);
  private readonly elsewhere = new LatestRequest<readonly Shown[]>(this);

  constructor() {
    super();
    this.search = "";
    this.runs = [];
  }

  protected override render(): TemplateResult {
    const { step, prompt } = this.row;
    const all = this.all();
    const { mode } = this;
    return html`<section aria-label=${t("Sample in full")} @keydown=${this.onKey}>
      <div class="bar toolbar">
        <h2>${step === undefined ? t("Prompt") : t("Step {0}", step)}</h2>
        <span class="muted">${t("{0} of {1}", whole(this.index + 1), whole(this.total))}</span>
        ${this.modes()} ${mode === "tokens" ? this.quantities() : mode === "text" ? this.comparing(all) : nothing}
        <span class="buttons">
          <vscode-toolbar-button
            icon="pin"
            label=${t("Make a Test Prompt of This")}
            title=${t("Make a Test Prompt of This: every later run answers it")}
            @click=${() => this.pin()}
          ></vscode-toolbar-button>
          ${this.button("arrow-up", t("Previous Sample"), "previous")}
          ${this.button("arrow-down", t("Next Sample"), "next")} ${this.button("close", t("Close"), "close")}
        </span>
      </div>
      <div class="body">
        <p class="prompt mono">${marked(prompt, this.search)}</p>
        ${mode === "tokens" ? this.maps(all) : mode === "steps" ? this.steps() : this.texts(all)}
      </div>
    </section>`;
  }

  /** The row's responses, and those of the other runs in focus to the same prompt, at the same step if it has one. */
  private all(): readonly Shown[] {
    const { folder, row, columns } = this;
    const own = columns.map((column, index) => ({ folder, column, response: row.responses[index] ?? null }));
    return [...own, ...this.others()];
  }

  private others(): readonly Shown[] {
    const { model, folder, source } = this;
    const { prompt, step } = this.row;
    const runs = this.runs.filter((other) => other !== folder);
    // Answers to test prompts have the other runs' among their columns.
    if (runs.length === 0 || isOfTestPrompts(source)) return [];
    const query = {
      source,
      prompt,
      ...(step !== undefined && { steps: { from: step, to: step } }),
      offset: 0,
      limit: 1,
    };
    const ask = async (other: string): Promise<readonly Shown[]> => {
      // A run that has no such answers, or cannot be read, adds nothing to compare with.
      const page = await model.host.request("samples", { folder: other, ...query }).catch(() => undefined);
      if (page === undefined) return [];
      return sampleColumns(page.columns, source, model.outline(other)).flatMap((column, index) => {
        const response = page.rows[0]?.responses[index];
        const name = `${column.name} · ${titleOfRun(model, other)}`;
        return response === null || response === undefined
          ? []
          : [{ folder: other, column: { ...column, id: `${other}\n${column.id}`, name }, response }];
      });
    };
    const answer = this.elsewhere.ask(JSON.stringify([runs, query]), async () =>
      (await Promise.all(runs.map(ask))).flat(),
    );
    return answer.value ?? [];
  }

  private button(icon: string, label: string, wish: DetailEvent["wish"]): TemplateResult {
    return html`<vscode-toolbar-button
      icon=${icon}
      label=${label}
      title=${label}
      @click=${() => this.dispatchEvent(new DetailEvent(wish))}
    ></vscode-toolbar-button>`;
  }

  private pin(): void {
    const { step, prompt } = this.row;
    const place = step === undefined && this.source.kind === "answers" ? this.source.benchmark : `step ${step ?? ""}`;
    pinPrompt(this.model, { folder: this.folder, prompt, place });
  }

  private modes(): TemplateResult | typeof nothing {
    const labels: Readonly<Record<Mode, string>> = { text: t("Text"), tokens: t("Tokens"), steps: t("Across steps") };
    const possible = this.possibleModes;
    if (possible.length < 2) return nothing;
    return radios({
      label: t("Show"),
      options: possible.map((value) => ({ value, label: labels[value] })),
      value: this.mode,
      chosen: (mode) => this.choose(MODE, mode),
    });
  }

  private quantities(): TemplateResult {
    return html`<label class="field"
      >${t("Color by")}
      <select
        .value=${this.quantity}
        @change=${(event: Event) => this.choose(QUANTITY, (event.target as HTMLSelectElement).value)}
      >
        ${QUANTITIES.map(
          (quantity) =>
            html`<option value=${quantity} ?selected=${quantity === this.quantity}>${quantityLabel(quantity)}</option>`,
        )}
      </select>
    </label>`;
  }

  private comparing(all: readonly Shown[]): TemplateResult | typeof nothing {
    if (all.length < 2) return nothing;
    const pair = this.pairOf(all);
    const choice = (label: string, value: string, chosen: (value: string) => void): TemplateResult =>
      html`<select aria-label=${label} @change=${(event: Event) => chosen((event.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${value === ""}>${t("none")}</option>
        ${all.map(({ column: { id, name } }) => html`<option value=${id} ?selected=${id === value}>${name}</option>`)}
      </select>`;
    return html`<span class="field"
      >${t("Differences")} ${choice(t("Differences of"), pair.base, (value) => this.choose(BASE, value))} →
      ${choice(t("Differences to"), pair.other, (value) => this.choose(OTHER, value))}</span
    >`;
  }

  /** The columns that were chosen; the first two arms until then, and where there is no such column. */
  private pairOf(all: readonly Shown[]): ComparedPair {
    const arms = firstArms(all.map(({ column }) => column)) ?? { base: "", other: "" };
    const known = (name: string, otherwise: string): string => {
      const value = this.model.setting(name, FIRST_ARMS);
      return value === "" || all.some(({ column }) => column.id === value) ? value : otherwise;
    };
    return { base: known(BASE, arms.base), other: known(OTHER, arms.other) };
  }

  private texts(all: readonly Shown[]): TemplateResult {
    const { base, other } = this.pairOf(all);
    const text = (id: string): string | undefined => all.find(({ column }) => column.id === id)?.response?.text;
    const [left, right] = [text(base), text(other)];
    const diff = base !== other && left !== undefined && right !== undefined ? wordDiff(left, right) : undefined;
    return html`<div class="columns">
      ${all.map(({ column, response }) => {
        const pieces = column.id === base ? diff?.left : column.id === other ? diff?.right : undefined;
        return responsePanel(column, response, (one) => this.fullText(one, pieces, column.id === base));
      })}
    </div>`;
  }

  private fullText({ text }: SampledResponse, pieces: readonly Piece[] | undefined, isBase: boolean): TemplateResult {
    if (text === "") return emptyText();
    const parts = pieces?.map(({ text: part, isChanged }) => {
      const shown = marked(part, this.search);
      return !isChanged ? shown : isBase ? html`<del>${shown}</del>` : html`<ins>${shown}</ins>`;
    });
    // Nothing may stand between the tags: spaces are kept as they are.
    return html`<p class="text">${parts ?? marked(text, this.search)}</p>`;
  }

  private steps(): TemplateResult {
    const { model, folder, columns, row } = this;
    return html`<salsa-prompt-steps
      .model=${model}
      .folder=${folder}
      .prompt=${row.prompt}
      .step=${row.step ?? 0}
      .columns=${columns}
    ></salsa-prompt-steps>`;
  }

  private maps(all: readonly Shown[]): TemplateResult {
    const { host } = this.model;
    const asked = all.flatMap(({ folder, response }) =>
      response?.line === undefined ? [] : [{ folder, line: response.line }],
    );
    const { value, problem } = this.tokens.ask(JSON.stringify(asked), () =>
      Promise.all(asked.map((one) => host.request("tokens", one))),
    );
    if (problem !== undefined)
      return failedNotice(t("The tokens could not be read"), problem, () => this.tokens.retry());
    if (value === undefined) return loadingNotice(t("Reading tokens…"));
    const scale = heatScale(this.quantity, value);
    const viewOf = (folder: string, line: number | undefined): TokenView | undefined =>
      value[asked.findIndex((one) => one.folder === folder && one.line === line)];
    return html`${heatLegend(this.quantity, scale)}
      <div class="columns">
        ${all.map(({ folder, column, response }) =>
          responsePanel(column, response, ({ line, score }) =>
            this.tokenMap(viewOf(folder, line), { scale, isScored: score !== null }),
          ),
        )}
      </div>`;
  }

  private tokenMap(
    view: TokenView | undefined,
    { scale, isScored }: { readonly scale: HeatScale; readonly isScored: boolean },
  ): TemplateResult {
    if (view === undefined) return html`<p class="muted">${t("No tokens were kept.")}</p>`;
    return html`<salsa-token-map
      .view=${view}
      .quantity=${this.quantity}
      .scale=${scale}
      .isScored=${isScored}
    ></salsa-token-map>`;
  }

  private get mode(): Mode {
    const chosen = this.model.setting(MODE, "text");
    return this.possibleModes.find((mode) => mode === chosen) ?? "text";
  }

  /** Answers have neither tokens nor steps. */
  private get possibleModes(): readonly Mode[] {
    const hasTokens = this.row.responses.some((response) => response?.line !== undefined);
    return MODES.filter((mode) => mode === "text" || (mode === "tokens" ? hasTokens : this.row.step !== undefined));
  }

  private get quantity(): Quantity {
    const chosen = this.model.setting(QUANTITY, "");
    return QUANTITIES.find((one) => one === chosen) ?? "advantages";
  }

  private choose(name: string, value: SettingValue): void {
    this.model.set(name, value);
    this.requestUpdate();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    // At an option, it is the list of options that closes.
    const [at] = event.composedPath();
    if (event.key === "Escape" && !(at instanceof HTMLOptionElement)) this.dispatchEvent(new DetailEvent("close"));
  };
}

customElements.define("salsa-sample-detail", SampleDetail);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-sample-detail": SampleDetail;
  }
}
