import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import {
  type ComparisonPage,
  LENGTH_FILTERS,
  type LengthFilter,
  VOTE_FILTERS,
  type VoteFilter,
} from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import { choice, choiceStyles } from "../parts/choice.ts";
import { Debounce } from "../parts/debounce.ts";
import { whole } from "../parts/format.ts";
import { radios } from "../parts/radios.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import { type Chosen, ChosenEvent, type Outcome } from "./chosen.ts";
import type { PairRates } from "./rates.ts";

/** Milliseconds after the last key before the service searches. */
const TYPING = 250;

/** Turns blind mode on or off. */
export class BlindEvent extends Event {
  static readonly type = "blind";
  readonly isBlind: boolean;

  constructor(isBlind: boolean) {
    super(BlindEvent.type);
    this.isBlind = isBlind;
  }
}

/** Which comparisons of a pair are listed: by outcome, length, category, seed, vote, text, and where a panel disagrees. */
export class PairFilter extends LitElement {
  static override readonly styles = [
    baseStyles,
    controlStyles,
    choiceStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
        gap: 8px;
      }
      vscode-textfield {
        width: 240px;
      }
    `,
  ];
  static override readonly properties = {
    pair: { attribute: false },
    chosen: { attribute: false },
    head: { attribute: false },
    isBlind: { attribute: false },
  };
  declare pair: PairRates;
  declare chosen: Chosen;
  /** The choices; undefined until they are known. */
  declare head: ComparisonPage | undefined;
  /** True if what tells the models apart is hidden. */
  declare isBlind: boolean;
  private readonly typing = new Debounce(TYPING);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.typing.cancel();
  }

  protected override render(): TemplateResult {
    return html`<div class="toolbar" role="search">
      ${this.isBlind ? nothing : html`${this.outcomes()} ${this.decided()} ${this.lengths()}`} ${this.categories()}
      ${this.seeds()} ${this.votes()} ${this.isBlind ? nothing : this.disputed()}
      <vscode-textfield
        label=${t("Search prompts and answers")}
        placeholder=${t("Search prompts and answers")}
        .value=${this.chosen.text}
        @input=${this.onType}
      >
        <vscode-icon slot="content-before" name="search"></vscode-icon>
      </vscode-textfield>
      <span class="spacer"></span>
      <vscode-checkbox
        label=${t("Blind")}
        title=${t("Hide names, order and the judge's verdict of each prompt until you have voted on it")}
        ?checked=${this.isBlind}
        @change=${(event: Event) => this.dispatchEvent(new BlindEvent((event.target as HTMLInputElement).checked))}
      ></vscode-checkbox>
    </div>`;
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

  private decided(): TemplateResult | typeof nothing {
    if (this.pair.pooled.ties === 0) return nothing;
    return html`<vscode-checkbox
      label=${t("Hide ties")}
      title=${t("Only prompts on which one of the two wins")}
      ?checked=${this.chosen.isDecided === true}
      @change=${(event: Event) => this.choose({ isDecided: (event.target as HTMLInputElement).checked })}
    ></vscode-checkbox>`;
  }

  private lengths(): TemplateResult {
    const { a, b } = this.pair.pooled;
    const labels: Readonly<Record<LengthFilter, string>> = {
      a: t("{0} longer", a),
      b: t("{0} longer", b),
      similar: t("similar length (±10 %)"),
      double: t("one twice as long"),
    };
    return choice({
      label: t("Length difference"),
      options: [
        { value: "", label: t("any length") },
        ...LENGTH_FILTERS.map((value) => ({ value, label: labels[value] })),
      ],
      value: this.chosen.length ?? "",
      chosen: (value) => this.choose({ length: LENGTH_FILTERS.find((one) => one === value) }),
    });
  }

  private categories(): TemplateResult | typeof nothing {
    const { categories = [] } = this.head ?? {};
    if (categories.length < 2) return nothing;
    return choice({
      label: t("Category"),
      // Select boxes know options by their values, and a category may be called anything.
      options: [
        { value: "", label: t("all categories") },
        ...categories.map((label, index) => ({ value: String(index), label })),
      ],
      value: String(this.chosen.category === undefined ? "" : categories.indexOf(this.chosen.category)),
      chosen: (value) => this.choose({ category: value === "" ? undefined : categories[Number(value)] }),
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

  private votes(): TemplateResult {
    const labels: Readonly<Record<VoteFilter, string>> = {
      open: t("not voted on"),
      voted: t("voted on"),
      differs: t("voted unlike the judge"),
      noted: t("with a note"),
    };
    const shown = VOTE_FILTERS.filter((value) => !this.isBlind || value !== "differs");
    return choice({
      label: t("Your votes"),
      options: [{ value: "", label: t("any vote") }, ...shown.map((value) => ({ value, label: labels[value] }))],
      value: this.chosen.vote ?? "",
      chosen: (value) => this.choose({ vote: VOTE_FILTERS.find((one) => one === value) }),
    });
  }

  private disputed(): TemplateResult | typeof nothing {
    if (this.head?.isPanel !== true) return nothing;
    return html`<vscode-checkbox
      label=${t("Judges disagree")}
      title=${t("Only prompts on which judges of the panel give different verdicts")}
      ?checked=${this.chosen.isDisputed === true}
      @change=${(event: Event) => this.choose({ isDisputed: (event.target as HTMLInputElement).checked })}
    ></vscode-checkbox>`;
  }

  private readonly onType = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    this.typing.run(() => this.choose({ text: value.trim() }));
  };

  /** A change of the filter goes back to the first row. */
  private choose(change: Partial<Chosen>): void {
    this.dispatchEvent(new ChosenEvent({ ...change, active: 0 }));
  }
}

customElements.define("salsa-pair-filter", PairFilter);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-pair-filter": PairFilter;
  }
}
