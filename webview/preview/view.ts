import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { OpenedPreview, PreviewCounts, PreviewPage, PreviewRow } from "../../engine/protocol/preview.ts";
import type { PreviewFocus } from "../../engine/protocol/previewPanel.ts";
import { t } from "../localize.ts";
import { choice, choiceStyles } from "../parts/choice.ts";
import { whole } from "../parts/format.ts";
import { wordsOf } from "../parts/latestRequest.ts";
import { actionRow, emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { Pages } from "../parts/pages.ts";
import { baseStyles, noticeStyles } from "../parts/styles.ts";
import { fateLabel, fateText, placeText, reasonText, whyText } from "./fates.ts";
import { histogram } from "./histogram.ts";
import type { PreviewHost } from "./host.ts";
import type { ActiveRowEvent } from "../parts/rowGrid.ts";
import "./list.ts";
import { previewStyles, tokenStyles } from "./styles.ts";
import { allTokens, legend, lengthText, roleText } from "./tokens.ts";

/** A place at the beginning of a message: "/w/sft.jsonl:24: …". */
const PLACE = /^(.{1,4096}?\.\w{1,16}):(\d{1,12})(?::\d+)?(?::| {2})/;

/** Data as a model sees it: a config's, or a file's. */
export class DataPreviewView extends LitElement {
  static override readonly styles = [baseStyles, noticeStyles, choiceStyles, tokenStyles, previewStyles];
  static override readonly properties = { revision: { state: true } };
  declare private revision: number;
  declare host: PreviewHost;
  private focus_: PreviewFocus | undefined;
  private opened: OpenedPreview | undefined;
  private pages: Pages<PreviewPage> | undefined;
  private counts: PreviewCounts | undefined;
  private problem: string | undefined;
  private active = 0;
  private detail: PreviewRow | undefined;
  /** Counts what was shown, so that late answers about something else are dropped. */
  private nth = 0;

  constructor() {
    super();
    this.revision = 0;
  }

  /** Shows a source of a config, or a file. */
  show(focus: PreviewFocus): void {
    void this.open(focus);
  }

  private async open(focus: PreviewFocus): Promise<void> {
    const nth = ++this.nth;
    const { host, opened: before } = this;
    this.focus_ = focus;
    this.opened = undefined;
    this.pages = undefined;
    this.counts = undefined;
    this.problem = undefined;
    this.detail = undefined;
    this.active = 0;
    this.changed();
    if (before !== undefined) void host.request("closePreview", { id: before.id }).catch(() => undefined);
    try {
      const opened = await host.request("openPreview", focus);
      if (nth !== this.nth) return;
      this.opened = opened;
      host.show("file" in focus ? focus : { ...focus, source: opened.source.name });
      const { id } = opened;
      this.pages = new Pages<PreviewPage>(
        (window) => host.request("previewPage", { id, ...window }),
        () => this.changed(),
      );
      this.pages.want(0, 0, false);
      this.changed();
      this.counts = await host.request("previewCounts", { id });
      if (nth !== this.nth) return;
      this.changed();
      await this.readOn(id, nth);
    } catch (error) {
      if (nth !== this.nth) return;
      this.problem = wordsOf(error);
      this.changed();
    }
  }

  /** Reads the rows behind the first thousand, so that they can be scrolled to. */
  private async readOn(id: number, nth: number): Promise<void> {
    for (;;) {
      const total = this.pages?.head?.total ?? 0;
      const page = await this.host.request("previewPage", { id, offset: total + READ_AT_ONCE, limit: 0 });
      if (nth !== this.nth) return;
      this.pages?.grow(page);
      if (page.isAll) return;
    }
  }

  private changed(): void {
    this.revision++;
    const row = this.pages?.row(this.active);
    // Of a short row, the list knows all there is.
    if (row !== undefined && this.detail === undefined) void this.look(this.active);
  }

  private async look(index: number): Promise<void> {
    const { opened, nth } = this;
    this.active = index;
    this.detail = this.pages?.row(index) ?? this.detail;
    this.revision++;
    if (opened === undefined) return;
    try {
      const row = await this.host.request("previewRow", { id: opened.id, index });
      if (nth !== this.nth || index !== this.active) return;
      this.detail = row;
    } catch (error) {
      if (nth !== this.nth) return;
      this.problem = wordsOf(error);
    }
    this.revision++;
  }

  protected override render(): TemplateResult {
    const { opened, pages } = this;
    const problem = this.problem ?? pages?.problem;
    return html`${this.header()}
      <main>
        ${
          problem !== undefined
            ? this.failed(problem)
            : opened === undefined || pages?.head === undefined
              ? loadingNotice(t("Reading data…"))
              : pages.head.total === 0 && pages.head.isAll
                ? emptyNotice({ icon: "file", title: t("There are no rows"), text: t("The source holds no records.") })
                : this.content(opened, pages)
        }
      </main>`;
  }

  private header(): TemplateResult {
    const { opened, focus_ } = this;
    const sources = opened?.sources ?? [];
    return html`<header>
      ${
        opened === undefined || focus_ === undefined || "file" in focus_
          ? html`<h1>${t("Data")}</h1>`
          : choice({
              label: t("Source of data"),
              options: sources.map(({ name }) => ({ value: name, label: name })),
              value: opened.source.name,
              chosen: (source) => void this.open({ ...focus_, source }),
            })
      }
      <span class="from" title=${opened?.source.from ?? ""}>${opened?.source.from ?? ""}</span>
      ${actionRow([{ label: t("Read Again"), icon: "refresh", isSecondary: true, run: () => this.again() }])}
    </header>`;
  }

  private again(): void {
    const { focus_, opened } = this;
    if (focus_ === undefined) return;
    const isOne = "file" in focus_ || opened === undefined;
    void this.open(isOne ? focus_ : { ...focus_, source: opened.source.name });
  }

  private failed(problem: string): TemplateResult {
    const [, file, line] = PLACE.exec(problem) ?? [];
    return html`${failedNotice(t("The data cannot be shown"), problem, () => this.again())}
    ${
      file === undefined
        ? nothing
        : html`<p class="notice">${this.placeButton({ file, line: Number(line) }, `${file}:${line ?? ""}`)}</p>`
    }`;
  }

  private content(opened: OpenedPreview, pages: Pages<PreviewPage>): TemplateResult {
    return html`${this.summary(opened, pages)} ${legend()}
      <salsa-preview-list
        .pages=${pages}
        .revision=${this.revision}
        .perRow=${opened.source.kind === "preferences" ? 2 : 1}
        .active=${this.active}
        @active-row=${({ row }: ActiveRowEvent) => void this.look(row)}
      ></salsa-preview-list>
      ${this.detailPane()}`;
  }

  private summary(opened: OpenedPreview, { head }: Pages<PreviewPage>): TemplateResult {
    const { counts } = this;
    const total = head?.total ?? 0;
    return html`<section class="summary" aria-label=${t("Summary")}>
      <div class="facts">
        <p>${opened.prompts}</p>
        <p class="muted">${settingText(opened)}</p>
        <p role="status">
          ${head?.isAll === true ? t("{0} rows", whole(total)) : t("{0} rows read, and more to come", whole(total))}${
            head?.bound === undefined ? nothing : html`; ${head.bound}`
          }
        </p>
        ${counts === undefined ? html`<p class="muted">${t("Counting lengths…")}</p>` : countsText(counts)}
      </div>
      ${counts === undefined || counts.sequences === 0 ? nothing : histogram(counts, opened.limit)}
    </section>`;
  }

  private detailPane(): TemplateResult {
    const row = this.detail;
    if (row === undefined) return html`<section class="detail">${loadingNotice(t("Reading data…"))}</section>`;
    const why = whyText(row);
    const name = row.file.split(/[\\/]/).at(-1) ?? row.file;
    return html`<section class="detail" tabindex="0" aria-label=${t("Row {0}", this.active + 1)}>
      <h2>${this.placeButton(row, `${name}:${placeText(row)}`)} ${fateLabel(row.fate)}</h2>
      ${why === "" ? nothing : html`<p class="problem">${why}</p>`}
      ${row.sequences.map(
        (sequence) =>
          html`<div class="sequence">
            <h3>${roleText(sequence.role)} <span class="muted">${lengthText(sequence)}</span></h3>
            ${allTokens(sequence)}
          </div>`,
      )}
    </section>`;
  }

  private placeButton({ file, line }: { readonly file: string; readonly line?: number }, text: string): TemplateResult {
    const open = (): void => {
      // The editor itself reports why a file does not open.
      void this.host.request("openPlace", { file, ...(line !== undefined && { line }) }).catch(() => undefined);
    };
    return html`<button class="link" title=${t("Open {0}", file)} @click=${open}>${text}</button>`;
  }
}

/** Rows that are read at once, behind those in view. */
const READ_AT_ONCE = 5000;

function settingText({ limit, unusable, shuffle, examples, source: { kind }, seenBy }: OpenedPreview): string {
  const length =
    kind === "prompts" ? t("prompts must end before {0} tokens", whole(limit)) : t("cut at {0} tokens", whole(limit));
  const order = shuffle === undefined ? [] : [t("in the order of the files, which the run shuffles")];
  const most = examples === undefined ? [] : [t("at most {0} are used", whole(examples))];
  return [seenBy, length, unusableText(unusable), ...order, ...most].join("; ");
}

function unusableText(unusable: string): string {
  switch (unusable) {
    case "drop":
      return t("records of no use are left out");
    case "refuse":
      return t("records of no use are errors");
    case "keep":
      return t("records of no use are kept");
    default:
      return t("a path alone leaves nothing out: records that nothing can be learned from are errors");
  }
}

function countsText({ rows, fates, reasons, cut, sequences }: PreviewCounts): TemplateResult {
  const fateWords = Object.entries(fates).map(([fate, n]) => `${whole(n)} ${fateText(fate as PreviewRow["fate"])}`);
  const reasonWords = Object.entries(reasons).map(([reason, n]) => `${whole(n)} ${reasonText(reason)}`);
  const words = [...fateWords, ...reasonWords, t("{0} of {1} sequences are cut", whole(cut), whole(sequences))];
  return html`<p>${t("Of the first {0}: {1}", whole(rows), words.join("; "))}</p>`;
}

customElements.define("salsa-data-preview", DataPreviewView);
