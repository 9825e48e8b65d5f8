import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type {
  Annotation,
  ComparisonPage,
  ComparisonRow,
  VoteAgreements,
  VoteFilter,
} from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { percent, whole } from "../parts/format.ts";
import { LatestRequest, wordsOf } from "../parts/latestRequest.ts";
import { emptyNotice, failedNotice, loadingNotice, warning } from "../parts/notice.ts";
import { Pages } from "../parts/pages.ts";
import type { ActiveRowEvent } from "../parts/rowGrid.ts";
import type { SplitEvent } from "../parts/splitter.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { pinPrompt } from "../shell/pinPrompt.ts";
import { isSwapped } from "./blindOrder.ts";
import { blindly, type Chosen, ChosenEvent, NO_FILTER, type Wanted, wantedOf } from "./chosen.ts";
import type { ComparisonView } from "./comparison.ts";
import { type OpinionEvent, type StepEvent, votesInOrder } from "./pairDetail.ts";
import type { BlindEvent } from "./pairFilter.ts";
import type { PairList } from "./pairList.ts";
import type { PairRates } from "./rates.ts";
import type { Names } from "./verdicts.ts";
import { voteAgreement } from "./voteAgreement.ts";
import "../parts/splitter.ts";
import "./pairDetail.ts";
import "./pairFilter.ts";
import "./pairList.ts";

/** Remembered over reloads: the share of the height that an open comparison has, and blind mode. */
const [SHARE, BLIND] = ["winRates.share", "winRates.blind"];

/** Each judged prompt of a pair: a list to go through, and the one that is read in full. */
export class Comparisons extends LitElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    css`
      :host {
        display: flex;
        flex: 1;
        flex-direction: column;
        min-height: 0;
      }
      section {
        display: flex;
        flex: 1;
        flex-direction: column;
        gap: 8px;
        min-height: 0;
      }
      .status {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        color: var(--vscode-descriptionForeground);
      }
      .panes {
        display: flex;
        flex: 1;
        flex-direction: column;
        min-height: 0;
      }
      salsa-pair-list {
        flex: 1;
        min-height: 0;
      }
      .detail {
        flex: none;
        height: calc(var(--share) * 100%);
        min-height: 0;
      }
    `,
  ];
  static override readonly properties = {
    model: { attribute: false },
    folder: { attribute: false },
    pair: { attribute: false },
    chosen: { attribute: false },
    revision: { state: true },
  };
  declare model: DashboardModel;
  declare folder: string;
  declare pair: PairRates;
  declare chosen: Chosen;
  declare private revision: number;
  /** Pages in view. */
  private pages: Pages<ComparisonPage> | undefined;
  /** Pages that replace them once their first page is loaded. */
  private coming: Pages<ComparisonPage> | undefined;
  private key = "";
  /** Row that the list is to be moved to after the next update. */
  private jump: number | undefined;
  /** True until a pair that was just opened has its list. */
  private isNew = false;
  private readonly read = new LatestRequest<ComparisonRow | undefined>(this);
  /** Votes since the rows were read, by comparison. */
  private readonly said = new Map<string, Annotation>();
  /** Agreement since the last vote. */
  private agreement: VoteAgreements | undefined;
  /** Why the last vote or note was not kept. */
  private refusal: string | undefined;

  constructor() {
    super();
    this.revision = 0;
  }

  /** Focuses the way back, and from there the list as soon as it is there. */
  override focus(): void {
    this.isNew = true;
    this.renderRoot.querySelector(".back")?.shadowRoot?.querySelector("button")?.focus();
  }

  protected override willUpdate(): void {
    const wanted = this.wanted;
    const key = JSON.stringify(wanted);
    if (key !== this.key) this.open(key, wanted);
    if (this.coming?.head === undefined) return;
    this.pages = this.coming;
    this.coming = undefined;
    this.jump = this.active;
  }

  protected override updated(): void {
    if (this.jump === undefined || this.list === null) return;
    const { list } = this;
    list.jumpTo(Math.max(0, this.jump - 2));
    this.jump = undefined;
    if (!this.isNew) return;
    this.isNew = false;
    const isAtBack = this.shadowRoot?.activeElement?.matches(".back") === true;
    if (isAtBack) void list.updateComplete.then(() => list.focus());
  }

  private open(key: string, wanted: Wanted): void {
    const { host } = this.model;
    this.key = key;
    // Votes that come later do not move rows out of the list, or into it.
    let asOf: number | undefined;
    const source = async (window: { offset: number; limit: number }): Promise<ComparisonPage> => {
      const query = { ...wanted, isBrief: true, ...(asOf !== undefined && { asOf }), ...window };
      const page = await host.request("comparisons", query);
      asOf ??= page.revision;
      return page;
    };
    const pages = new Pages<ComparisonPage>(source, () => this.revision++);
    this.coming = pages;
    pages.want(0, 0, false);
    // A reload goes on where the reader was.
    if (this.active > 0) pages.want(this.active, this.active, false);
  }

  protected override render(): TemplateResult {
    const { a, b } = this.names;
    return html`<section aria-label=${t("Prompts of {0} vs {1}", a, b)} @keydown=${this.onKey}>
      ${this.headline()}
      <salsa-pair-filter
        .pair=${this.pair}
        .chosen=${this.chosen}
        .head=${this.pages?.head}
        .isBlind=${this.isBlind}
        @blind=${({ isBlind }: BlindEvent) => this.setBlind(isBlind)}
      ></salsa-pair-filter>
      ${this.content()}
    </section>`;
  }

  private headline(): TemplateResult {
    const { benchmark, a, b, adjusted, low, high } = this.pair.pooled;
    return html`<div class="toolbar">
      <vscode-toolbar-button
        class="back"
        icon="arrow-left"
        label=${t("Back to the Table")}
        title=${t("Back to the Table")}
        @click=${this.close}
      ></vscode-toolbar-button>
      <h2>${a} vs ${b}</h2>
      <span class="muted">${benchmark}</span>
      ${
        this.isBlind
          ? nothing
          : html`<span title=${String(adjusted)}>
              ${t("{0} % adjusted ({1} – {2})", percent(adjusted), percent(low), percent(high))}
            </span>`
      }
    </div>`;
  }

  private content(): TemplateResult {
    const { pages, coming } = this;
    const problem = (coming ?? pages)?.problem;
    if (pages?.head === undefined) {
      if (problem === undefined) return loadingNotice(t("Reading comparisons…"));
      return failedNotice(t("The comparisons could not be read"), problem, () => coming?.retry());
    }
    if (pages.head.total === 0) return this.nothingFits();
    const share = this.model.setting(SHARE, 0.6);
    return html`<div class="status">
        <span role="status">${this.count(pages.head)}</span>
        <span>${t("judge: {0}", pages.head.judge)}</span>
        ${voteAgreement(this.agreement ?? pages.head.agreement)}
        <span>${t("j and k move, Enter opens, 1 2 3 vote, Escape closes")}</span>
        ${
          problem === undefined
            ? nothing
            : html`<span role="alert">${warning(problem)}</span>
                <button class="link" @click=${() => (coming ?? pages).retry()}>${t("Try Again")}</button>`
        }
      </div>
      <div class="panes" aria-busy=${coming === undefined ? "false" : "true"} ${styled({ "--share": String(share) })}>
        <salsa-pair-list
          .pages=${pages}
          .revision=${this.revision}
          .names=${this.names}
          .search=${this.chosen.text}
          .isBlind=${this.isBlind}
          .annotated=${this.annotated}
          .nVotes=${this.said.size}
          .active=${this.active}
          @active-row=${this.onActive}
        ></salsa-pair-list>
        ${this.chosen.isOpen ? this.opened(pages, pages.head.total, share) : nothing}
      </div>`;
  }

  private count({ total, all }: ComparisonPage): string {
    return total === all ? t("{0} prompts", whole(total)) : t("{0} of {1} prompts", whole(total), whole(all));
  }

  /** The active comparison; its texts are asked for one by one, since those of a whole list may be large. */
  private opened(pages: Pages<ComparisonPage>, total: number, share: number): TemplateResult {
    return html`<salsa-splitter
        .share=${share}
        .label=${t("Height of the open comparison")}
        @split=${({ share: chosen }: SplitEvent) => this.model.set(SHARE, chosen)}
      ></salsa-splitter>
      <div class="detail">${this.detail(pages.row(this.active), total)}</div>`;
  }

  private detail(brief: ComparisonRow | undefined, total: number): TemplateResult {
    if (brief === undefined) return loadingNotice(t("Reading comparisons…"));
    const { seed, index } = brief;
    const { host } = this.model;
    const query = { ...this.pairParams, seed, index, offset: 0, limit: 1 };
    const { value: row, problem } = this.read.ask(
      JSON.stringify(query),
      async () => (await host.request("comparisons", query)).rows[0],
      { keepsLast: true },
    );
    if (problem !== undefined)
      return failedNotice(t("The comparison could not be read"), problem, () => this.read.retry());
    if (row === undefined) return loadingNotice(t("Reading comparisons…"));
    const shown = this.annotated(row);
    return html`<salsa-pair-detail
      .row=${shown}
      .reading=${this.readingOf(shown)}
      .place=${this.active}
      .total=${total}
      .problem=${this.refusal}
      @pin=${() => this.pin(shown)}
      @opinion=${({ opinion }: OpinionEvent) => void this.annotate(shown, opinion)}
      @step=${({ to }: StepEvent) => (to === "close" ? this.closeDetail() : this.moveBy(to === "next" ? 1 : -1))}
    ></salsa-pair-detail>`;
  }

  private nothingFits(): TemplateResult {
    const { outcome, isDisputed, vote } = this.chosen;
    const votes = vote === undefined ? undefined : NO_VOTES[vote];
    const title =
      outcome === "flip"
        ? t("No verdict depends on the order")
        : isDisputed === true
          ? t("The judges agree on all of these prompts")
          : t("No prompt matches the filter");
    return emptyNotice({
      icon: "filter",
      title: votes?.().title ?? title,
      ...(votes !== undefined && { text: votes().text }),
      actions: [{ label: t("Show All"), run: () => this.choose({ ...NO_FILTER, active: 0 }) }],
    });
  }

  private readonly onActive = ({ row, isOpened }: ActiveRowEvent): void => {
    this.choose({ active: row, ...(isOpened && { isOpen: true }) });
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const [at] = event.composedPath();
    if (event.key === "Escape") {
      if (this.chosen.isOpen) this.closeDetail();
      else this.close();
      return;
    }
    if (takesLetters(at) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "j") this.moveBy(1);
    else if (event.key === "k") this.moveBy(-1);
    else if (["1", "2", "3"].includes(event.key)) this.voteBy(Number(event.key) - 1);
  };

  /** Votes on the open comparison, by the place of the answer that is better. */
  private voteBy(place: number): void {
    const { value: row } = this.read.answer;
    const brief = this.pages?.row(this.active);
    // Only what can be read is voted on: another one may still be on its way.
    if (!this.chosen.isOpen || row === undefined || keyOf(row) !== (brief && keyOf(brief))) return;
    const vote = votesInOrder(this.readingOf(row).isSwapped)[place];
    if (vote !== undefined) void this.annotate(this.annotated(row), { vote });
  }

  private async annotate(row: ComparisonRow, opinion: OpinionEvent["opinion"]): Promise<void> {
    const { host } = this.model;
    const { seed, index } = row;
    const isBlind = this.readingOf(row).isHidden;
    try {
      const params = { ...this.pairParams, seed, index, isBlind, ...opinion };
      const { annotation, agreement } = await host.request("annotate", params);
      this.said.set(keyOf(row), annotation);
      this.agreement = agreement;
      this.refusal = undefined;
    } catch (error) {
      this.refusal = wordsOf(error);
    }
    this.revision++;
  }

  private pin({ prompt }: ComparisonRow): void {
    const { a, b, benchmark } = this.pair.pooled;
    pinPrompt(this.model, { folder: this.folder, prompt, place: `${a} vs ${b} on ${benchmark}` });
  }

  private setBlind(isBlind: boolean): void {
    this.model.set(BLIND, isBlind);
    if (isBlind) this.choose({ ...blindly(this.chosen), active: 0 });
    else this.requestUpdate();
  }

  private readonly annotated = (row: ComparisonRow): ComparisonRow => {
    const annotation = this.said.get(keyOf(row));
    return annotation === undefined ? row : { ...row, annotation };
  };

  private readingOf(row: ComparisonRow): ComparisonView {
    const isHidden = this.isBlind && this.annotated(row).annotation?.vote === undefined;
    const swapped = this.isBlind && isSwapped(this.pair.pooled.benchmark, row);
    return { names: this.names, search: this.chosen.text, isHidden, isSwapped: swapped };
  }

  private get isBlind(): boolean {
    return this.model.setting(BLIND, false);
  }

  private moveBy(rows: number): void {
    const last = (this.pages?.head?.total ?? 1) - 1;
    this.list?.moveTo(Math.max(0, Math.min(last, this.active + rows)));
  }

  private closeDetail(): void {
    this.choose({ isOpen: false });
    this.list?.focus();
  }

  private choose(change: Partial<Chosen>): void {
    this.dispatchEvent(new ChosenEvent(change));
  }

  private readonly close = (): void => {
    this.dispatchEvent(new Event("close-pair"));
  };

  private get pairParams(): Pick<Wanted, "folder" | "benchmark" | "a" | "b"> {
    const { benchmark, a, b } = this.pair.pooled;
    return { folder: this.folder, benchmark, a, b };
  }

  private get wanted(): Wanted {
    return wantedOf(this.pairParams, this.chosen);
  }

  private get names(): Names {
    const { a, b } = this.pair.pooled;
    return { a, b };
  }

  /** Index of the active row; fewer may be left than when it was chosen. */
  private get active(): number {
    const { total = Infinity } = this.pages?.head ?? {};
    return Math.max(0, Math.min(this.chosen.active, total - 1));
  }

  private get list(): PairList | null {
    return this.renderRoot.querySelector("salsa-pair-list");
  }
}

/** Advice where a filter by votes leaves nothing. */
const NO_VOTES: Readonly<Record<VoteFilter, () => { readonly title: string; readonly text: string }>> = {
  open: () => ({
    title: t("You have voted on all of these prompts"),
    text: t("Your agreement with the judge is in the report, too."),
  }),
  voted: () => ({
    title: t("You have not voted on any of these prompts"),
    text: t("Open a prompt and press 1, 2 or 3."),
  }),
  differs: () => ({
    title: t("You and the judge agree wherever you have voted"),
    text: t("Blind votes are the fairer test: turn Blind on, and vote on more."),
  }),
  noted: () => ({
    title: t("None of these prompts has a note"),
    text: t("Open a prompt and write into the field below the votes."),
  }),
};

function keyOf({ seed, index }: ComparisonRow): string {
  return `${seed} ${index}`;
}

/** True where a letter is typed, or chooses an option. */
function takesLetters(target: EventTarget | undefined): boolean {
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target instanceof Element && target.closest("textarea, [role=combobox], [role=listbox]") !== null;
}

customElements.define("salsa-comparisons", Comparisons);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-comparisons": Comparisons;
  }
}
