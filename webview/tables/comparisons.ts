import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { ComparisonPage, ComparisonQuery } from "../../engine/protocol/service.ts";
import type { Host } from "../host.ts";
import { t } from "../localize.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { choice, choiceStyles } from "../parts/choice.ts";
import { Debounce } from "../parts/debounce.ts";
import { percent, whole } from "../parts/format.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { radios } from "../parts/radios.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { comparison, comparisonStyles } from "./comparison.ts";
import type { PairRates } from "./rates.ts";

/** Prompts a page. */
const PAGE = 20;
/** Milliseconds after the last key before the service searches. */
const TYPING = 250;

type Outcome = NonNullable<ComparisonQuery["outcome"]>;

/** Which prompts of a pair are shown. */
export interface Chosen {
  readonly outcome?: Outcome | undefined;
  readonly seed?: number | undefined;
  readonly text: string;
  readonly offset: number;
}

/** All prompts, from the first. */
export const ALL: Chosen = { text: "", offset: 0 };

/** Requests another selection of prompts. */
export class ChosenEvent extends Event {
  static readonly type = "chosen";
  readonly chosen: Chosen;

  constructor(chosen: Chosen) {
    super(ChosenEvent.type);
    this.chosen = chosen;
  }
}

/** Each judged prompt of a pair, with both answers and both games. */
export class Comparisons extends LitElement {
  static override readonly styles = [baseStyles, noticeStyles, controlStyles, choiceStyles, comparisonStyles];
  static override readonly properties = {
    host: { attribute: false },
    folder: { attribute: false },
    pair: { attribute: false },
    chosen: { attribute: false },
  };
  declare host: Host;
  declare folder: string;
  declare pair: PairRates;
  declare chosen: Chosen;
  private readonly asked = new LatestRequest<ComparisonPage>(this);
  private readonly typing = new Debounce(TYPING);

  constructor() {
    super();
    this.chosen = ALL;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.typing.cancel();
  }

  override focus(): void {
    this.renderRoot.querySelector(".back")?.shadowRoot?.querySelector("button")?.focus();
  }

  protected override render(): TemplateResult {
    const { benchmark, a, b, adjusted, low, high } = this.pair.pooled;
    return html`<section aria-label=${t("Prompts of {0} vs {1}", a, b)} @keydown=${this.onKey}>
      <div class="toolbar title">
        <vscode-toolbar-button
          class="back"
          icon="arrow-left"
          label=${t("Back to the Table")}
          title=${t("Back to the Table")}
          @click=${this.close}
        ></vscode-toolbar-button>
        <h2>${a} vs ${b}</h2>
        <span class="muted">${benchmark}</span>
        <span title=${String(adjusted)}>
          ${t("{0} % adjusted ({1} – {2})", percent(adjusted), percent(low), percent(high))}
        </span>
      </div>
      <div class="toolbar title" role="search">
        ${this.outcomes()}
        <vscode-textfield
          label=${t("Search prompts and answers")}
          placeholder=${t("Search prompts and answers")}
          .value=${this.chosen.text}
          @input=${this.onType}
        >
          <vscode-icon slot="content-before" name="search"></vscode-icon>
        </vscode-textfield>
        ${this.seeds()}
      </div>
      ${this.content()}
    </section>`;
  }

  private outcomes(): TemplateResult {
    const { a, b, wins, losses, ties, dropped, n, flipRate } = this.pair.pooled;
    const flips = flipRate === undefined ? "" : ` ${whole(Math.round(flipRate * n))}`;
    const chips: readonly (readonly [Outcome | undefined, string])[] = [
      [undefined, t("All")],
      ["win", t("{0} wins {1}", a, whole(wins))],
      ["loss", t("{0} wins {1}", b, whole(losses))],
      ["tie", t("Ties {0}", whole(ties))],
      ["flip", `${t("Position flips")}${flips}`],
      ...(dropped > 0 ? [["dropped", t("Dropped {0}", whole(dropped))] as const] : []),
    ];
    return radios({
      label: t("Outcome"),
      options: chips.map(([value, label]) => ({ value, label })),
      value: this.chosen.outcome,
      chosen: (outcome) => this.choose({ outcome }),
    });
  }

  private seeds(): TemplateResult | typeof nothing {
    if (this.pair.seeds.length < 2) return nothing;
    return choice({
      label: t("Seed"),
      options: [
        { value: "", label: t("all seeds") },
        ...this.pair.seeds.map(({ seed }) => ({ value: String(seed), label: t("seed {0}", seed) })),
      ],
      value: String(this.chosen.seed ?? ""),
      chosen: (value) => this.choose({ seed: value === "" ? undefined : Number(value) }),
    });
  }

  private content(): TemplateResult {
    const { folder } = this;
    const { outcome, seed, text, offset } = this.chosen;
    const { benchmark, a, b } = this.pair.pooled;
    const query: ComparisonQuery = {
      folder,
      benchmark,
      a,
      b,
      ...(seed !== undefined && { seed }),
      ...(outcome !== undefined && { outcome }),
      ...(text !== "" && { text }),
      offset,
      limit: PAGE,
    };
    const ask = (): Promise<ComparisonPage> => this.host.request("comparisons", query);
    const { value, problem } = this.asked.ask(JSON.stringify(query), ask, { keepsLast: true });
    if (problem !== undefined)
      return failedNotice(t("The comparisons could not be read"), problem, () => this.asked.retry());
    if (value === undefined) return loadingNotice(t("Reading comparisons…"));
    if (value.total === 0) return this.nothingFits();
    return html`<p class="muted" role="status">
        ${t("{0} to {1} of {2} prompts", whole(offset + 1), whole(offset + value.rows.length), whole(value.total))} ·
        ${t("judge: {0}", value.judge)}
      </p>
      <ol>
        ${value.rows.map((row) => html`<li>${comparison(row, { a, b }, text)}</li>`)}
      </ol>
      ${this.pager(value.total)}`;
  }

  private nothingFits(): TemplateResult {
    return emptyNotice({
      icon: "filter",
      title: this.chosen.outcome === "flip" ? t("No verdict depends on the order") : t("No prompt matches the filter"),
      actions: [{ label: t("Show All"), run: () => this.choose({ ...ALL, outcome: undefined, seed: undefined }) }],
    });
  }

  private pager(total: number): TemplateResult | typeof nothing {
    if (total <= PAGE) return nothing;
    const last = Math.floor((total - 1) / PAGE);
    const page = this.chosen.offset / PAGE;
    const button = (icon: string, label: string, target: number): TemplateResult =>
      html`<vscode-button
        secondary
        icon=${icon}
        ?disabled=${target < 0 || target > last || target === page}
        @click=${() => this.turnTo(target)}
        >${label}</vscode-button
      >`;
    return html`<nav class="actions" aria-label=${t("Pages")}>
      ${button("arrow-left", t("Previous"), page - 1)}
      <span>${t("Page {0} of {1}", whole(page + 1), whole(last + 1))}</span>
      ${button("arrow-right", t("Next"), page + 1)}
    </nav>`;
  }

  private turnTo(page: number): void {
    this.choose({ offset: page * PAGE });
    this.renderRoot.querySelector("section")?.scrollIntoView();
  }

  /** Requests a changed selection; a change of filter goes back to the first page. */
  private choose(change: Partial<Chosen>): void {
    this.dispatchEvent(new ChosenEvent({ ...this.chosen, offset: 0, ...change }));
  }

  private readonly onType = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    this.typing.run(() => this.choose({ text: value.trim() }));
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.close();
  };

  private readonly close = (): void => {
    this.dispatchEvent(new Event("close-pair"));
  };
}

customElements.define("salsa-comparisons", Comparisons);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-comparisons": Comparisons;
  }
}
