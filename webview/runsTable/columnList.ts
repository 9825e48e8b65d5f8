import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { LONGEST_TAG, type LayoutColumn } from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";
import { marked } from "../parts/matches.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import { columnOrder, describeColumn } from "./columns.ts";
import { paneStyles } from "./styles.ts";

/** Columns that are listed; of more, a search finds the others. */
const MOST_LISTED = 150;

/** Reports other columns, or another order or other names of them. */
export class ColumnsEvent extends Event {
  static readonly type = "columns";
  readonly columns: readonly LayoutColumn[];

  constructor(columns: readonly LayoutColumn[]) {
    super(ColumnsEvent.type);
    this.columns = columns;
  }
}

/** All columns there are, to be found by a search: shown or hidden, pinned, renamed, moved. */
class ColumnList extends LitElement {
  static override readonly styles = [baseStyles, controlStyles, paneStyles];
  static override readonly properties = {
    columns: { attribute: false },
    known: { attribute: false },
    meanings: { attribute: false },
    search: { state: true },
    renamed: { state: true },
  };
  /** Those that are shown. */
  declare columns: readonly LayoutColumn[];
  /** Ids of all. */
  declare known: ReadonlySet<string>;
  declare meanings: Readonly<Record<string, string>>;
  declare private search: string;
  /** Id of the one that is being renamed. */
  declare private renamed: string | undefined;

  constructor() {
    super();
    this.columns = [];
    this.known = new Set();
    this.meanings = {};
    this.search = "";
  }

  protected override render(): TemplateResult {
    const shown = new Map(this.columns.map((column) => [column.id, column]));
    const others = [...this.known].filter((id) => !shown.has(id)).sort(columnOrder);
    const all = [...this.columns, ...others.map((id): LayoutColumn => ({ id }))];
    const words = this.search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((column) => {
      const { label, meaning } = describeColumn(column, this.meanings);
      const text = `${label} ${column.id} ${meaning}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return html`<vscode-textfield
        label=${t("Search columns")}
        placeholder=${t("Search columns")}
        .value=${this.search}
        @input=${(event: Event) => (this.search = (event.target as HTMLInputElement).value)}
      >
        <vscode-icon slot="content-before" name="search"></vscode-icon>
      </vscode-textfield>
      <p class="muted" role="status">${t("{0} of {1} columns, {2} shown", found.length, all.length, shown.size)}</p>
      <ul>
        ${repeat(
          found.slice(0, MOST_LISTED),
          ({ id }) => id,
          (column) => this.entry(column, shown.has(column.id)),
        )}
      </ul>
      ${
        found.length > MOST_LISTED
          ? html`<p class="muted">${t("{0} more: search for them", found.length - MOST_LISTED)}</p>`
          : nothing
      }`;
  }

  private entry(column: LayoutColumn, isShown: boolean): TemplateResult {
    const { label, meaning } = describeColumn(column, this.meanings);
    const [word = ""] = this.search.trim().split(/\s+/);
    return html`<li>
      <div class="entry">
        <input
          type="checkbox"
          aria-label=${t("Show {0}", label)}
          .checked=${isShown}
          @change=${() => this.toggle(column, isShown)}
        />
        ${
          this.renamed === column.id
            ? this.nameField(column, label)
            : html`<span class="name" title=${`${meaning}\n${column.id}`}
                >${marked(label, word)}
                ${label === column.id ? nothing : html`<span class="muted id">${marked(column.id, word)}</span>`}</span
              >`
        }
        ${isShown ? this.tools(column, label) : nothing}
      </div>
    </li>`;
  }

  private nameField(column: LayoutColumn, label: string): TemplateResult {
    const keep = (event: Event): void => {
      const { value } = event.target as HTMLInputElement;
      this.renamed = undefined;
      const { label: _before, ...rest } = column;
      const text = value.trim().slice(0, LONGEST_TAG);
      this.change(column, text === "" || text === describeColumn(rest).label ? rest : { ...rest, label: text });
    };
    return html`<input
      class="rename"
      aria-label=${t("Name of {0}", column.id)}
      .value=${label}
      @change=${keep}
      @blur=${() => (this.renamed = undefined)}
    />`;
  }

  private tools(column: LayoutColumn, label: string): TemplateResult {
    const isPinned = column.pinned === true;
    const { pinned: _pinned, ...rest } = column;
    const tool = (icon: string, text: string, run: () => void, pressed?: boolean): TemplateResult =>
      html`<button class="tool" title=${text} aria-label=${text} aria-pressed=${pressed ?? nothing} @click=${run}>
        <vscode-icon name=${icon} size="14"></vscode-icon>
      </button>`;
    return html`<span class="tools"
      >${tool(
        isPinned ? "pinned" : "pin",
        isPinned ? t("Unpin {0}", label) : t("Pin {0}", label),
        () => this.change(column, isPinned ? rest : { ...column, pinned: true }),
        isPinned,
      )}${tool("edit", t("Rename {0}", label), () => void this.rename(column))}${tool(
        "arrow-up",
        t("Move {0} to the left", label),
        () => this.move(column, -1),
      )}${tool("arrow-down", t("Move {0} to the right", label), () => this.move(column, 1))}</span
    >`;
  }

  private async rename({ id }: LayoutColumn): Promise<void> {
    this.renamed = id;
    await this.updateComplete;
    const field = this.renderRoot.querySelector<HTMLInputElement>(".rename");
    field?.focus();
    field?.select();
  }

  private toggle(column: LayoutColumn, isShown: boolean): void {
    const left = this.columns.filter(({ id }) => id !== column.id);
    // A table without any column could not be brought back by a file that keeps it.
    if (isShown && left.length === 0) this.requestUpdate();
    else this.tell(isShown ? left : [...this.columns, column]);
  }

  private change(column: LayoutColumn, after: LayoutColumn): void {
    this.tell(this.columns.map((one) => (one.id === column.id ? after : one)));
  }

  private move({ id }: LayoutColumn, by: number): void {
    const from = this.columns.findIndex((one) => one.id === id);
    const to = from + by;
    const column = this.columns[from];
    if (column === undefined || to < 0 || to >= this.columns.length) return;
    this.tell(this.columns.toSpliced(from, 1).toSpliced(to, 0, column));
  }

  private tell(columns: readonly LayoutColumn[]): void {
    this.dispatchEvent(new ColumnsEvent(columns));
  }
}

customElements.define("salsa-column-list", ColumnList);
