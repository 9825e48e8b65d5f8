import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { baseStyles } from "../parts/styles.ts";
import { groupRuns, type RunGroup, titleOfRun } from "./runList.ts";
import { pickerStyles } from "./runPickerStyles.ts";
import { runLook, statusIcon, statusStyles } from "./status.ts";
import { moment } from "./time.ts";

/**
 * A searchable list of runs. Fires `pick` with a folder, and `close` when the person is done.
 *
 * With `isAdding`, picking puts a run over the one in focus or takes it off, and the list stays open.
 */
class RunPicker extends LitElement {
  static override readonly properties = {
    runs: { attribute: false },
    shown: { attribute: false },
    isAdding: { attribute: false },
    search: { state: true },
    active: { state: true },
  };
  declare runs: ReadonlyMap<string, RunSummary>;
  declare shown: readonly string[];
  declare isAdding: boolean;
  declare search: string;
  declare active: number;

  /** Folders of the runs that there were when the list was opened. */
  private first: ReadonlySet<string> | undefined;

  static override readonly styles = [baseStyles, statusStyles, pickerStyles];

  constructor() {
    super();
    this.runs = new Map();
    this.shown = [];
    this.isAdding = false;
    this.search = "";
    this.active = 0;
  }

  override render(): TemplateResult {
    const groups = this.grouped();
    const listed = groups.flatMap(({ runs }) => runs);
    const active = listed[Math.min(this.active, listed.length - 1)];
    return html`<div
      class="popup"
      @focusout=${this.onFocusOut}
      @keydown=${(event: KeyboardEvent) => this.onKey(event, listed)}
    >
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="runs"
        aria-autocomplete="list"
        aria-activedescendant=${active === undefined ? nothing : `run-${listed.indexOf(active)}`}
        aria-label=${this.isAdding ? t("Search runs to compare with") : t("Search runs")}
        placeholder=${t("Search by id, config or state")}
        .value=${this.search}
        @input=${this.onSearch}
      />
      <div id="runs" role="listbox" tabindex="-1" aria-label=${t("Runs")} aria-multiselectable=${this.isAdding}>
        ${groups.map(
          ({ configFile, name, runs }) =>
            html`<div role="group" aria-label=${name}>
              <div class="group" role="presentation" title=${configFile}>${name}</div>
              ${repeat(
                runs,
                ({ folder }) => folder,
                (run) => this.option(run, { nth: listed.indexOf(run), isActive: run === active }),
              )}
            </div>`,
        )}
      </div>
      ${listed.length === 0 ? html`<p class="none" role="status">${t("No run matches")}</p>` : nothing}
    </div>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("active")) this.renderRoot.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }

  /** Runs that come while the list is open are last, so that nothing moves under the pointer. */
  private grouped(): readonly RunGroup[] {
    const runs = [...this.runs.values()];
    this.first ??= new Set(runs.map(({ folder }) => folder));
    const { first = new Set() } = this;
    const isNew = ({ folder }: RunSummary): boolean => !first.has(folder);
    const late = groupRuns(runs.filter(isNew), this.search);
    const early = groupRuns(
      runs.filter((run) => !isNew(run)),
      this.search,
    );
    return [...early, ...late];
  }

  private option(
    run: RunSummary,
    { nth, isActive }: { readonly nth: number; readonly isActive: boolean },
  ): TemplateResult {
    const look = runLook(run.status);
    const isShown = this.shown.includes(run.folder);
    const { fraction } = run.progress;
    const state = run.status === "finished" ? look.label : `${look.label}, ${Math.floor(fraction * 100)} %`;
    return html`<div
      role="option"
      id="run-${nth}"
      class="run"
      aria-selected=${isShown}
      ?data-active=${isActive}
      @mousedown=${(event: MouseEvent) => event.preventDefault()}
      @click=${() => this.pick(run.folder)}
    >
      ${this.isAdding ? html`<vscode-icon class="mark" name=${isShown ? "check" : "blank"}></vscode-icon>` : nothing}
      ${statusIcon(look)}
      <span class="id">${titleOfRun(this, run.folder)}</span>
      <span class="muted">${state}</span>
      <span class="muted date">${moment(run.startedAt ?? run.createdAt)}</span>
    </div>`;
  }

  private readonly onSearch = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value;
    this.active = 0;
  };

  private onKey(event: KeyboardEvent, listed: readonly RunSummary[]): void {
    const last = listed.length - 1;
    const at = Math.min(this.active, last);
    const to = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: last, PageUp: 0 }[
      event.key
    ];
    if (to !== undefined) this.active = to;
    else if (event.key === "Escape") this.done();
    else if (event.key === "Enter" && listed[at] !== undefined) this.pick(listed[at].folder);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private readonly onFocusOut = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node && this.renderRoot.contains(event.relatedTarget))) this.done();
  };

  private pick(folder: string): void {
    this.dispatchEvent(new CustomEvent("pick", { detail: folder }));
  }

  private done(): void {
    this.dispatchEvent(new CustomEvent("close"));
  }
}

customElements.define("salsa-run-picker", RunPicker);
