import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { RunConfig } from "../../engine/config/index.ts";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { PLOT_FORMATS } from "../../engine/protocol/dashboard.ts";
import { withReferences } from "../../engine/protocol/references.ts";
import { DashboardElement } from "../element.ts";
import { fromCatalogue, t } from "../localize.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { isLoaded } from "../parts/lazily.ts";
import { loadingNotice, emptyNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { DrawQueue } from "./drawQueue.ts";
import { expressionName, parseExpression } from "./expression.ts";
import type { ExpressionEvent } from "./expressionForm.ts";
import { exportPlot } from "./export.ts";
import { noMetrics } from "./noMetrics.ts";
import { groupMetrics, type MetricGroup, movedPin, PINNED } from "./groups.ts";
import { themeOf } from "./looks.ts";
import { legend } from "./legend.ts";
import type { MenuItem } from "./menu.ts";
import { metricsStyles } from "./metricsStyles.ts";
import { metricsToolbar } from "./metricsToolbar.ts";
import type { PlotContext } from "./plot.ts";
import { configsOf } from "./configs.ts";
import { outlinesOf, plotSettings } from "./settings.ts";
import { SharedAxis } from "./shared.ts";
import { VisibilityTracker } from "./visibilityTracker.ts";
import "./expressionForm.ts";
import "./plot.ts";
import "./runLog.ts";
import { whenThemed } from "../parts/observed.ts";

/** Remembered over reloads: distributions are shown. */
const SPREAD = "metrics.hasDistributions";
/** The same of memory by role. */
const MEMORY = "metrics.hasMemory";

/** The curves of the runs in focus, in small plots with one axis and one cursor. */
class Metrics extends DashboardElement {
  static override readonly properties = { ...DashboardElement.properties, isAdding: { state: true } };
  /** True while an expression is being put together. */
  declare private isAdding: boolean;
  private readonly queue = new DrawQueue();
  private readonly shared = new SharedAxis();
  private readonly configs = new LatestRequest<readonly RunConfig[]>(this);
  private sight: VisibilityTracker | undefined;
  /** Metric whose plot is large, as last drawn. */
  private large: string | undefined;
  /** Pinned plots in their order, as last drawn: not every run has all of them. */
  private shownPins: readonly string[] = [];

  static override readonly styles = [baseStyles, noticeStyles, controlStyles, metricsStyles];

  constructor() {
    super();
    this.isAdding = false;
    whenThemed(this, () => this.requestUpdate());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.sight = new VisibilityTracker();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sight?.disconnect();
  }

  /** A plot that was made large or small again moves in the grid: it stays in sight. */
  protected override updated(): void {
    const large = this.model.setting("metrics.large", "");
    const changed = large === "" ? this.large : large;
    if (this.large !== undefined && large !== this.large) {
      const plots = this.renderRoot.querySelectorAll("salsa-plot");
      const plot = [...plots].find(({ metric }) => metric.name === changed);
      void plot?.updateComplete.then(() => {
        // The bar lies on top of the plots, and is as high as its settings and the legend need.
        const bar = this.renderRoot.querySelector<HTMLElement>(".bar");
        this.style.setProperty(
          "--bar-height",
          `${bar !== null && getComputedStyle(bar).position === "sticky" ? bar.offsetHeight + 8 : 8}px`,
        );
        plot.scrollIntoView({ block: "nearest" });
      });
    }
    this.large = large;
  }

  override render(): TemplateResult {
    const { model, sight, queue, shared } = this;
    const outlines = outlinesOf(model);
    if (outlines.length === 0 || sight === undefined) return loadingNotice(t("Reading the run"));
    const settings = plotSettings(model);
    const context = { model, settings, theme: themeOf(document.body), queue, shared, sight };
    const groups = groupMetrics(outlines, settings.search, this.pinned);
    this.shownPins = (groups[0]?.metrics ?? []).map(({ name }) => name).filter((name) => this.pinned.includes(name));
    const hasAny = outlines.some(({ series }) => Object.keys(series).length > 0);
    if (!hasAny) return noMetrics(outlines);
    const configs = this.readConfigs();
    const [outline] = outlines;
    const adding = { isOpen: this.isAdding, toggle: () => (this.isAdding = !this.isAdding) };
    const isLogged = model.setting("metrics.isLogged", false);
    return html`<div class="bar">${metricsToolbar(context, adding)} ${legend(context)} ${this.adding(outlines)}</div>
      <div class=${isLogged ? "beside" : ""}>
        <div class="groups">
          ${groups.length === 0 ? emptyNotice({ icon: "search", title: t("No metric matches “{0}”", settings.search) }) : nothing}
          ${repeat(
            groups,
            ({ title }) => title,
            ({ title, metrics }) =>
              this.group(
                { title, metrics: metrics.map((metric) => withReferences(metric, configs, fromCatalogue)) },
                context,
              ),
          )}
          ${this.distributions()} ${this.memory()}
        </div>
        ${isLogged && outline !== undefined ? html`<salsa-run-log .outline=${outline}></salsa-run-log>` : nothing}
      </div>`;
  }

  /** Configs of the runs in focus, for the names of references; none until they are read. */
  private readConfigs(): readonly RunConfig[] {
    const { model } = this;
    const runs = JSON.stringify(model.focus.runs);
    const { value = [] } = this.configs.ask(runs, () => configsOf(model), { keepsLast: true });
    return value;
  }

  private adding(outlines: ReturnType<typeof outlinesOf>): TemplateResult | typeof nothing {
    if (!this.isAdding) return nothing;
    const metrics = groupMetrics(outlines, "", PINNED).flatMap((group) => group.metrics);
    return html`<salsa-expression-form .metrics=${metrics} @expression=${this.onExpression}></salsa-expression-form>`;
  }

  private readonly onExpression = ({ expression }: ExpressionEvent): void => {
    this.isAdding = false;
    if (expression === undefined) return;
    const name = expressionName(expression);
    if (!this.pinned.includes(name)) this.model.set("metrics.pinned", [...this.pinned, name]);
  };

  private get pinned(): readonly string[] {
    return this.model.setting("metrics.pinned", PINNED);
  }

  private togglePinned(name: string): void {
    const { pinned } = this;
    const changed = pinned.includes(name) ? pinned.filter((one) => one !== name) : [...pinned, name];
    this.model.set("metrics.pinned", changed);
  }

  private group({ title, metrics }: MetricGroup, context: PlotContext): TemplateResult {
    const closed = this.model.setting("metrics.closed", []);
    const isOpen = !closed.includes(title);
    return html`<details
      ?open=${isOpen}
      @toggle=${({ target }: Event) => {
        if ((target as HTMLDetailsElement).open === closed.includes(title)) this.toggle("metrics.closed", title);
      }}
    >
      <summary>${title} <span class="muted">${metrics.length}</span></summary>
      <div class="grid">
        ${
          isOpen
            ? repeat(
                metrics,
                ({ name }) => name,
                (metric) => this.plot(metric, context),
              )
            : nothing
        }
      </div>
    </details>`;
  }

  /** Each is a picture of nine curves, and few look at them every day. */
  private distributions(): TemplateResult {
    const summary = html`${t("Distributions")} <span class="muted">${t("score, length and KL over steps")}</span>`;
    const isThere = (): boolean => isLoaded("salsa-distributions", () => import("./distributions.ts"), this);
    return this.closedAtFirst(SPREAD, summary, () =>
      isThere() ? html`<salsa-distributions .model=${this.model}></salsa-distributions>` : nothing,
    );
  }

  private memory(): TemplateResult {
    const summary = html`${t("Memory by Role")} <span class="muted">${t("planned and measured")}</span>`;
    const isThere = (): boolean => isLoaded("salsa-memory-by-role", () => import("./memoryByRole.ts"), this);
    return this.closedAtFirst(MEMORY, summary, () =>
      isThere() ? html`<salsa-memory-by-role .model=${this.model}></salsa-memory-by-role>` : nothing,
    );
  }

  /** A part that is closed until somebody wants it, which is remembered. */
  private closedAtFirst(
    setting: string,
    summary: TemplateResult,
    content: () => TemplateResult | typeof nothing,
  ): TemplateResult {
    const isOpen = this.model.setting(setting, false);
    return html`<details
      ?open=${isOpen}
      @toggle=${({ target }: Event) => {
        if ((target as HTMLDetailsElement).open !== isOpen) this.model.set(setting, !isOpen);
      }}
    >
      <summary>${summary}</summary>
      ${isOpen ? content() : nothing}
    </details>`;
  }

  private plot(metric: MetricEntry, context: PlotContext): TemplateResult {
    const isLarge = this.model.setting("metrics.large", "") === metric.name;
    return html`<salsa-plot
      .metric=${metric}
      .context=${context}
      .isLarge=${isLarge}
      .items=${this.menuOf(metric, { isLarge, context })}
    ></salsa-plot>`;
  }

  private menuOf(
    { name }: MetricEntry,
    { isLarge, context }: { readonly isLarge: boolean; readonly context: PlotContext },
  ): readonly MenuItem[] {
    const { model, settings, theme } = context;
    const pin =
      parseExpression(name) === undefined
        ? { label: t("Pin to Top"), isChecked: this.pinned.includes(name), run: () => this.togglePinned(name) }
        : { label: t("Remove Plot"), run: () => this.togglePinned(name) };
    return [
      { label: t("Enlarge"), isChecked: isLarge, run: () => model.set("metrics.large", isLarge ? "" : name) },
      { label: t("Log Scale"), isChecked: settings.isLog(name), run: () => this.toggle("metrics.log", name) },
      pin,
      ...this.movesOf(name),
      ...PLOT_FORMATS.map((format) => ({
        label: t("Save as {0}…", format.toUpperCase()),
        // The editor itself reports failures to save.
        run: () => void exportPlot(model, { metric: name, format, theme }).catch(() => undefined),
      })),
    ];
  }

  /** A pinned plot changes places with the one before or behind it. */
  private movesOf(name: string): readonly MenuItem[] {
    const at = this.shownPins.indexOf(name);
    if (at < 0) return [];
    const move = (label: string, to: string | undefined): readonly MenuItem[] =>
      to === undefined ? [] : [{ label, run: () => void this.move(name, to) }];
    return [...move(t("Move Forward"), this.shownPins[at - 1]), ...move(t("Move Back"), this.shownPins[at + 1])];
  }

  /** The keyboard stays at the plot's menu, which leaves the page for a moment where its plot is moved. */
  private async move(name: string, to: string): Promise<void> {
    this.model.set("metrics.pinned", movedPin(this.pinned, name, to));
    // Changes of the model are drawn in the next frame.
    await new Promise(requestAnimationFrame);
    await this.updateComplete;
    const plots = [...this.renderRoot.querySelectorAll("salsa-plot")];
    const menu = plots.find(({ metric }) => metric.name === name)?.renderRoot.querySelector("salsa-menu");
    menu?.shadowRoot?.querySelector<HTMLElement>(".opener")?.focus();
  }

  private toggle(setting: string, item: string): void {
    const items = this.model.setting(setting, []);
    this.model.set(setting, items.includes(item) ? items.filter((one) => one !== item) : [...items, item]);
  }
}

customElements.define("salsa-metrics", Metrics);
