import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { html as staticHtml, literal, type StaticValue } from "lit/static-html.js";
import { DASHBOARD_VIEWS, type DashboardCommand, type DashboardView } from "../engine/protocol/dashboard.ts";
import type { RunSummary } from "../engine/protocol/service.ts";
import { DashboardElement } from "./element.ts";
import { t } from "./localize.ts";
import { isLoaded } from "./parts/lazily.ts";
import { emptyNotice, failedNotice, loadingNotice } from "./parts/notice.ts";
import { baseStyles, noticeStyles } from "./parts/styles.ts";
import { runBanner, serviceBanner } from "./shell/banners.ts";
import { keepFocus } from "./shell/keepFocus.ts";
import { overlaidRun } from "./shell/overlaidRun.ts";
import { removedNotice } from "./shell/removedNotice.ts";
import { titleOfRun } from "./shell/runList.ts";
import { ScrollPlaces } from "./shell/scrollPlaces.ts";
import { statusStyles } from "./shell/status.ts";
import { statusLine, statusLineStyles } from "./shell/statusLine.ts";
import { shellStyles } from "./shell/styles.ts";
import type { Tab } from "./shell/tabs.ts";
import "./shell/announcer.ts";
import "./shell/runPicker.ts";
import "./shell/tabs.ts";
import "./pipeline/index.ts";
import "./plots/index.ts";
import "./samples/index.ts";
import "./tables/index.ts";
import "./figures/index.ts";
import "./alarms/index.ts";
import "./provenance/index.ts";

/** The element of each view. */
const ELEMENTS: Readonly<Record<DashboardView, StaticValue>> = {
  pipeline: literal`salsa-pipeline`,
  metrics: literal`salsa-metrics`,
  samples: literal`salsa-samples`,
  winRates: literal`salsa-win-rates`,
  sweep: literal`salsa-sweep`,
  figures: literal`salsa-figures`,
  alarms: literal`salsa-alarms`,
  provenance: literal`salsa-provenance`,
};

/** The dashboard: which runs are in focus, where the first of them stands, and the views on them as tabs. */
class Dashboard extends DashboardElement {
  static override readonly properties = { picking: { state: true } };
  /** Purpose for which the list of runs is open; undefined while it is closed. */
  declare picking: "focus" | "add" | undefined;
  /** Views that were shown at least once: they keep their state behind the others. */
  private readonly visited = new Set<DashboardView>();
  private readonly places = new ScrollPlaces();
  private unkeep: (() => void) | undefined;

  static override readonly styles = [baseStyles, noticeStyles, statusStyles, statusLineStyles, shellStyles];

  override render(): TemplateResult {
    const { model } = this;
    const folder = model.focus.runs[0];
    const showLog = (): void => this.command("salsa.showLog");
    return html`${serviceBanner(model.problem, showLog)}
      ${
        !model.isReady
          ? loadingNotice(t("Looking for runs"))
          : folder === undefined
            ? this.noRuns()
            : this.isRemoved(folder)
              ? html`${this.header(folder)} ${this.removed(folder)}`
              : html`${this.header(folder)} ${runBanner(model.runs.get(folder), model.outline(folder), showLog)}
                ${this.views(folder)}`
      } <salsa-announcer .model=${model}></salsa-announcer>`;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unkeep = keepFocus(this, (path) => this.heirOf(path));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unkeep?.();
  }

  protected override updated(): void {
    const { pane } = this;
    const content = pane?.querySelector(":scope > :not([hidden])");
    if (pane && content) this.places.show(this.model, pane, content);
  }

  /** Element to focus when the focused one disappears: a button of the header if it was there, else the view. */
  private heirOf(path: readonly EventTarget[]): HTMLElement | null | undefined {
    const header = this.renderRoot.querySelector("header");
    const isOfHeader = header !== null && path.includes(header);
    return (isOfHeader ? header.querySelector("button") : this.pane) ?? this.renderRoot.querySelector("vscode-button");
  }

  private get pane(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>("main[tabindex]");
  }

  /** True if a run was removed. After a reload, only the failure to follow it reveals that. */
  private isRemoved(folder: string): boolean {
    const { model } = this;
    const isUnknown = !model.runs.has(folder) && model.outline(folder) === undefined;
    return model.removed.has(folder) || (isUnknown && model.followProblem(folder) !== undefined);
  }

  private removed(folder: string): TemplateResult {
    const { model } = this;
    return html`<main>
      ${removedNotice(folder, {
        runs: model.runs,
        show: (other) => model.show({ runs: [other] }),
        choose: () => this.pick("focus"),
        runConfig: () => this.command("salsa.run"),
      })}
    </main>`;
  }

  private noRuns(): TemplateResult {
    return html`<main>
      ${emptyNotice({
        icon: "beaker",
        title: t("No runs yet"),
        text: t("Run a config to watch its stages, curves and samples here, live and after the fact."),
        actions: [
          { label: t("Run a Config…"), icon: "play", run: () => this.command("salsa.run") },
          { label: t("New Config…"), icon: "new-file", isSecondary: true, run: () => this.command("salsa.newConfig") },
        ],
      })}
    </main>`;
  }

  private header(folder: string): TemplateResult {
    const { model } = this;
    const summary = model.runs.get(folder);
    return html`<header>
      <div class="runs">
        ${this.focusButton(folder, summary)} ${model.focus.runs.slice(1).map((other) => overlaidRun(model, other))}
        <button
          class="icon"
          aria-haspopup="listbox"
          aria-expanded=${this.picking === "add"}
          @mousedown=${this.onOpener}
          @click=${() => this.pick("add")}
        >
          <vscode-icon name="add"></vscode-icon>${t("Compare")}
        </button>
        <span class="end">${this.isRemoved(folder) ? nothing : this.moreButtons(folder)}</span>
        ${this.picker()}
      </div>
      ${
        summary === undefined
          ? nothing
          : statusLine(
              { summary, outline: model.outline(folder), curveOf: (key) => model.curve(folder, key) },
              (command) => this.command(command, folder),
            )
      }
      ${
        this.isRemoved(folder)
          ? nothing
          : html`<salsa-tabs
              .tabs=${this.tabs()}
              .selected=${model.focus.view}
              .label=${t("Views")}
              @tab=${({ detail }: CustomEvent<DashboardView>) => model.show({ view: detail })}
            ></salsa-tabs>`
      }
    </header>`;
  }

  private focusButton(folder: string, summary: RunSummary | undefined): TemplateResult {
    const title = titleOfRun(this.model, folder);
    return html`<button
      class="run"
      aria-haspopup="listbox"
      aria-expanded=${this.picking === "focus"}
      title=${`${title}\n${summary?.configFile ?? folder}`}
      @mousedown=${this.onOpener}
      @click=${() => this.pick("focus")}
    >
      <span class="visually-hidden">${t("Choose a run. Current run:")}</span>
      <vscode-icon name="beaker"></vscode-icon><b>${title}</b>
      ${summary === undefined || summary.name === summary.id ? nothing : html`<span class="muted">${summary.name}</span>`}
      <vscode-icon name="chevron-down"></vscode-icon>
    </button>`;
  }

  private moreButtons(folder: string): readonly TemplateResult[] {
    const button = (command: DashboardCommand, icon: string, label: string): TemplateResult =>
      html`<button class="icon" aria-label=${label} title=${label} @click=${() => this.command(command, folder)}>
        <vscode-icon name=${icon}></vscode-icon>
      </button>`;
    return [
      button("salsa.copyLink", "link", t("Copy Link to This View")),
      button("salsa.showRunsTable", "list-flat", t("Show Runs Table")),
      button("salsa.exportTable", "export", t("Export Table…")),
      button("salsa.revealRunFolder", "folder-opened", t("Reveal Run Folder")),
      button("salsa.showLog", "output", t("Show Engine Log")),
    ];
  }

  private picker(): TemplateResult | typeof nothing {
    if (this.picking === undefined) return nothing;
    const { model } = this;
    return html`<salsa-run-picker
      .runs=${model.runs}
      .shown=${model.focus.runs}
      .isAdding=${this.picking === "add"}
      @pick=${({ detail }: CustomEvent<string>) => this.picked(detail)}
      @close=${() => this.closePicker()}
    ></salsa-run-picker>`;
  }

  private pick(what: "focus" | "add"): void {
    if (this.picking === what) this.closePicker();
    else this.picking = what;
  }

  /** Prevents an opener from taking the focus: the open list would close, and the click would open it again. */
  private readonly onOpener = (event: MouseEvent): void => {
    if (this.picking !== undefined) event.preventDefault();
  };

  private picked(folder: string): void {
    const [first = folder, ...others] = this.model.focus.runs;
    if (this.picking === "focus") {
      this.model.show({ runs: [folder, ...others.filter((one) => one !== folder)] });
      this.closePicker();
    } else if (folder !== first) {
      const isShown = others.includes(folder);
      this.model.show({ runs: [first, ...(isShown ? others.filter((one) => one !== folder) : [...others, folder])] });
    }
  }

  /** Closes the list of runs and returns the focus to the button that opened it. */
  private closePicker(): void {
    const isInside = this.shadowRoot?.activeElement?.localName === "salsa-run-picker";
    const opener = this.shadowRoot?.querySelector<HTMLElement>('[aria-haspopup][aria-expanded="true"]');
    this.picking = undefined;
    if (isInside) opener?.focus();
  }

  private tabs(): readonly Tab[] {
    const [folder = ""] = this.model.focus.runs;
    const nAlarms = this.model.outline(folder)?.alarms.length ?? this.model.runs.get(folder)?.nAlarms ?? 0;
    const labels: Readonly<Record<DashboardView, string>> = {
      pipeline: t("Pipeline"),
      metrics: t("Metrics"),
      samples: t("Samples"),
      winRates: t("Win Rates"),
      sweep: t("Sweep"),
      figures: t("Figures"),
      alarms: t("Alarms"),
      provenance: t("Config"),
    };
    return DASHBOARD_VIEWS.map((id) => ({
      id,
      label: labels[id],
      ...(id === "alarms" && { count: nAlarms, countLabel: t("{0} raised", nAlarms) }),
    }));
  }

  private views(folder: string): TemplateResult {
    const { model } = this;
    const problem = model.followProblem(folder);
    if (problem !== undefined && model.outline(folder) === undefined) {
      return html`<main>${failedNotice(t("The run cannot be read"), problem, () => model.retry(folder))}</main>`;
    }
    this.visited.add(model.focus.view);
    // With the runs table's parts, and for few runs: loaded when it is first shown.
    const hasSweep = this.visited.has("sweep") && isLoaded("salsa-sweep", () => import("./sweep/index.ts"), this);
    return html`<main
      role="tabpanel"
      tabindex="0"
      aria-label=${this.tabs().find(({ id }) => id === model.focus.view)?.label ?? ""}
      @scroll=${() => this.places.scrolled(model)}
      @wheel=${() => this.places.release()}
      @pointerdown=${() => this.places.release()}
      @keydown=${() => this.places.release()}
    >
      ${repeat(
        DASHBOARD_VIEWS.filter((view) => this.visited.has(view) && (view !== "sweep" || hasSweep)),
        (view) => view,
        (view) =>
          staticHtml`<${ELEMENTS[view]} .model=${model} ?hidden=${view !== model.focus.view}></${ELEMENTS[view]}>`,
      )}
    </main>`;
  }

  private command(command: DashboardCommand, folder?: string): void {
    // The editor itself reports why a command failed.
    void this.model.host
      .request("command", { command, ...(folder !== undefined && { folder }) })
      .catch(() => undefined);
  }
}

customElements.define("salsa-dashboard", Dashboard);
