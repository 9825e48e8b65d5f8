import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { LONGEST_RUN_NOTE, LONGEST_TAG, type MarksChange, type RunMarks } from "../../engine/protocol/runsLayout.ts";
import { idOfFolder } from "../../engine/protocol/runTitle.ts";
import { t } from "../localize.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import { paneStyles } from "./styles.ts";

/** A run whose marks are edited. */
export interface MarkedRun {
  readonly folder: string;
  readonly title: string;
  readonly marks: RunMarks;
}

/** Asks for a run's name, tags or note to be changed: of what is not changed another window may know better. */
export class MarkEvent extends Event {
  static readonly type = "mark";
  readonly folder: string;
  readonly change: MarksChange;

  constructor(folder: string, change: MarksChange) {
    super(MarkEvent.type);
    this.folder = folder;
    this.change = change;
  }
}

/** Tags of the selected runs, and name and note of one. Fires "named" when its name has been typed, or left as it was. */
export class MarksPane extends LitElement {
  static override readonly styles = [baseStyles, controlStyles, paneStyles];
  static override readonly properties = { runs: { attribute: false }, used: { attribute: false } };
  declare runs: readonly MarkedRun[];
  /** Tags that some run has, to choose from. */
  declare used: readonly string[];

  constructor() {
    super();
    this.runs = [];
    this.used = [];
  }

  protected override render(): TemplateResult {
    const { runs } = this;
    const [first, ...others] = runs;
    if (first === undefined) return html`<p class="muted">${t("Select runs, or move to one.")}</p>`;
    const tags = [...new Set(runs.flatMap(({ marks }) => marks.tags))];
    const isOne = others.length === 0;
    return html`<p class="muted">${runs.map(({ title }) => title).join(", ")}</p>
      ${
        isOne
          ? html`<h3><label for="name">${t("Display name")}</label></h3>
              ${keyed(first.folder, this.name(first))}`
          : nothing
      }
      <h3>${t("Tags")}</h3>
      <div class="tags">
        ${tags.map(
          (tag) =>
            html`<span class="tag"
              >${tag}<button class="tool" aria-label=${t("Remove tag {0}", tag)} @click=${() => this.untag(tag)}>
                <vscode-icon name="close" size="12"></vscode-icon></button
            ></span>`,
        )}
      </div>
      <input
        class="rename"
        list="used"
        maxlength=${LONGEST_TAG}
        aria-label=${t("Add a tag")}
        placeholder=${t("Add a tag: Enter keeps it")}
        @change=${this.add}
      />
      <datalist id="used">${this.used.map((tag) => html`<option value=${tag}></option>`)}</datalist>
      ${
        isOne
          ? html`<h3><label for="note">${t("Note")}</label></h3>
              ${keyed(first.folder, this.note(first))}`
          : nothing
      }`;
  }

  /** Puts the keyboard into the field of the name. */
  async editName(): Promise<void> {
    await this.updateComplete;
    const field = this.renderRoot.querySelector<HTMLInputElement>("#name");
    field?.focus();
    field?.select();
  }

  private name(run: MarkedRun): TemplateResult {
    const before = run.marks.name ?? "";
    const onKey = (event: KeyboardEvent): void => {
      const field = event.target as HTMLInputElement;
      if (event.key === "Escape") field.value = before;
      else if (event.key !== "Enter") return;
      field.blur(); // which keeps what was typed
      this.dispatchEvent(new Event("named"));
    };
    return html`<input
      id="name"
      class="rename"
      dir="auto"
      maxlength=${LONGEST_TAG}
      placeholder=${idOfFolder(run.folder)}
      .value=${before}
      @keydown=${onKey}
      @change=${(event: Event) => this.tell(run, { name: (event.target as HTMLInputElement).value.trim() })}
    />`;
  }

  /** Each run has a field of its own: what is typed for one is never kept for another. */
  private note(run: MarkedRun): TemplateResult {
    return html`<textarea
      id="note"
      rows="6"
      maxlength=${LONGEST_RUN_NOTE}
      .value=${run.marks.note}
      @change=${(event: Event) => this.tell(run, { note: (event.target as HTMLTextAreaElement).value.trim() })}
    ></textarea>`;
  }

  private readonly add = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    const tag = field.value.trim();
    field.value = "";
    if (tag === "") return;
    for (const run of this.runs) {
      if (!run.marks.tags.includes(tag)) this.tell(run, { addTags: [tag] });
    }
  };

  private untag(tag: string): void {
    for (const run of this.runs) {
      if (run.marks.tags.includes(tag)) this.tell(run, { removeTags: [tag] });
    }
  }

  private tell({ folder }: MarkedRun, change: MarksChange): void {
    this.dispatchEvent(new MarkEvent(folder, change));
  }
}

customElements.define("salsa-marks-pane", MarksPane);
