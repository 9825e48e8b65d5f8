import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { SampledResponse, SampleRow, TokenView } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import type { DashboardModel, SettingValue } from "../model.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { short, whole } from "../parts/format.ts";
import { marked } from "../parts/matches.ts";
import { failedNotice, loadingNotice, warning } from "../parts/notice.ts";
import { radios } from "../parts/radios.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import type { SampleColumn } from "./columns.ts";
import { detailStyles } from "./detailStyles.ts";
import { type HeatScale, heatScale, QUANTITIES, type Quantity } from "./heat.ts";
import { heatLegend } from "./legend.ts";
import { quantityLabel } from "./tokenMap.ts";
import { type Piece, wordDiff } from "./wordDiff.ts";
import "./tokenMap.ts";

/** Keys of settings that persist across reloads: how a sample is displayed. */
const [BY_TOKEN, QUANTITY] = ["samples.byToken", "samples.quantity"];
const [BASE, OTHER] = ["samples.base", "samples.other"];

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
    columns: { attribute: false },
    search: { attribute: false },
    index: { attribute: false },
    total: { attribute: false },
  };
  declare model: DashboardModel;
  declare folder: string;
  declare row: SampleRow;
  declare columns: readonly SampleColumn[];
  declare search: string;
  declare index: number;
  declare total: number;
  private readonly tokens = new LatestRequest<readonly TokenView[]>(this);

  constructor() {
    super();
    this.search = "";
  }

  protected override render(): TemplateResult {
    const { step, prompt, responses } = this.row;
    const hasTokens = responses.some((response) => response?.line !== undefined);
    return html`<section aria-label=${t("Sample in full")} @keydown=${this.onKey}>
      <div class="bar toolbar">
        <h2>${step === undefined ? t("Prompt") : t("Step {0}", step)}</h2>
        <span class="muted">${t("{0} of {1}", whole(this.index + 1), whole(this.total))}</span>
        ${hasTokens ? this.modes() : nothing} ${this.isByToken && hasTokens ? this.quantities() : this.comparing()}
        <span class="spacer"></span>
        ${this.button("arrow-up", t("Previous Sample"), "previous")}
        ${this.button("arrow-down", t("Next Sample"), "next")} ${this.button("close", t("Close"), "close")}
      </div>
      <div class="body">
        <p class="prompt mono">${marked(prompt, this.search)}</p>
        ${this.isByToken && hasTokens ? this.maps() : this.texts()}
      </div>
    </section>`;
  }

  private button(icon: string, label: string, wish: DetailEvent["wish"]): TemplateResult {
    return html`<vscode-toolbar-button
      icon=${icon}
      label=${label}
      title=${label}
      @click=${() => this.dispatchEvent(new DetailEvent(wish))}
    ></vscode-toolbar-button>`;
  }

  private modes(): TemplateResult {
    return radios({
      label: t("Show"),
      options: [
        { value: false, label: t("Text") },
        { value: true, label: t("Tokens") },
      ],
      value: this.isByToken,
      chosen: (isByToken) => this.choose(BY_TOKEN, isByToken),
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

  private comparing(): TemplateResult | typeof nothing {
    if (this.columns.length < 2) return nothing;
    const choice = (label: string, value: string, chosen: (value: string) => void): TemplateResult =>
      html`<select aria-label=${label} @change=${(event: Event) => chosen((event.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${value === ""}>${t("none")}</option>
        ${this.columns.map(({ id, name }) => html`<option value=${id} ?selected=${id === value}>${name}</option>`)}
      </select>`;
    return html`<span class="field"
      >${t("Differences")} ${choice(t("Differences of"), this.base, (value) => this.choose(BASE, value))} →
      ${choice(t("Differences to"), this.other, (value) => this.choose(OTHER, value))}</span
    >`;
  }

  private texts(): TemplateResult {
    const text = (column: string): string | undefined =>
      this.row.responses[this.columns.findIndex(({ id }) => id === column)]?.text;
    const [base, other] = [text(this.base), text(this.other)];
    const isCompared = this.base !== this.other && base !== undefined && other !== undefined;
    const diff = isCompared ? wordDiff(base, other) : undefined;
    return html`<div class="columns">
      ${this.columns.map((column, index) => {
        const pieces = column.id === this.base ? diff?.left : column.id === this.other ? diff?.right : undefined;
        return this.panel(column, this.row.responses[index] ?? null, (response) =>
          this.fullText(response, pieces, column.id === this.base),
        );
      })}
    </div>`;
  }

  private fullText({ text }: SampledResponse, pieces: readonly Piece[] | undefined, isBase: boolean): TemplateResult {
    if (text === "") return html`<p class="muted"><i>${t("(empty)")}</i></p>`;
    const parts = pieces?.map(({ text: part, isChanged }) =>
      !isChanged ? part : isBase ? html`<del>${part}</del>` : html`<ins>${part}</ins>`,
    );
    // Nothing may stand between the tags: spaces are kept as they are.
    return html`<p class="text">${parts ?? marked(text, this.search)}</p>`;
  }

  private maps(): TemplateResult {
    const lines = this.row.responses.map((response) => response?.line);
    const {
      folder,
      model: { host },
    } = this;
    const asked = lines.filter((line) => line !== undefined);
    const { value, problem } = this.tokens.ask(`${folder} ${asked.join()}`, () =>
      Promise.all(asked.map((line) => host.request("tokens", { folder, line }))),
    );
    if (problem !== undefined)
      return failedNotice(t("The tokens could not be read"), problem, () => this.tokens.retry());
    if (value === undefined) return loadingNotice(t("Reading tokens…"));
    const scale = heatScale(this.quantity, value);
    return html`${heatLegend(this.quantity, scale)}
      <div class="columns">
        ${this.columns.map((column, index) =>
          this.panel(column, this.row.responses[index] ?? null, ({ line }) =>
            this.tokenMap(line === undefined ? undefined : value[asked.indexOf(line)], scale),
          ),
        )}
      </div>`;
  }

  private tokenMap(view: TokenView | undefined, scale: HeatScale): TemplateResult {
    if (view === undefined) return html`<p class="muted">${t("No tokens were kept.")}</p>`;
    return html`<salsa-token-map .view=${view} .quantity=${this.quantity} .scale=${scale}></salsa-token-map>`;
  }

  private panel(
    { name, origin }: SampleColumn,
    response: SampledResponse | null,
    body: (response: SampledResponse) => TemplateResult,
  ): TemplateResult {
    return html`<article aria-label=${name}>
      <header>
        <h3>${name}</h3>
        ${origin === "" ? nothing : html`<span class="muted">${origin}</span>`}
        ${response === null ? nothing : facts(response)}
      </header>
      ${response === null ? html`<p class="muted">${t("No answer was kept.")}</p>` : body(response)}
    </article>`;
  }

  private get isByToken(): boolean {
    return this.model.setting(BY_TOKEN, false);
  }

  private get quantity(): Quantity {
    const chosen = this.model.setting(QUANTITY, "");
    return QUANTITIES.find((one) => one === chosen) ?? "advantages";
  }

  /** Columns whose differences are shown; none until both are chosen. */
  private get base(): string {
    return this.model.setting(BASE, "");
  }

  private get other(): string {
    return this.model.setting(OTHER, "");
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

function facts({ score, gold, nTokens, ended }: SampledResponse): TemplateResult {
  return html`<span>${t("score")} <b title=${String(score ?? "")}>${short(score)}</b></span>
    ${gold === undefined ? nothing : html`<span>${t("gold")} <b title=${String(gold)}>${short(gold)}</b></span>`}
    <span class="muted">${t("{0} tokens", nTokens)}</span>
    ${ended ? nothing : warning(t("cut off"))}`;
}

customElements.define("salsa-sample-detail", SampleDetail);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-sample-detail": SampleDetail;
  }
}
