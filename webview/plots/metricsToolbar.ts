import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { SMOOTHING_DEFINITION } from "../../engine/figures/index.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { fromCatalogue, t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { plotHelp } from "./help.ts";
import { filterMetrics } from "./metricFilter.ts";
import type { PlotContext } from "./plot.ts";
import { outlinesOf, type PlotSettings } from "./settings.ts";

/** The form in which an expression is put together. */
export interface Adding {
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

/** Filters, smooths and lays out all plots. */
export function metricsToolbar({ model, settings, shared }: PlotContext, adding: Adding): TemplateResult {
  const { search, smoothing, axis, isClipped, only } = settings;
  const set = (name: string, value: string | number | boolean) => model.set(`metrics.${name}`, value);
  const valueOf = (event: Event): string => (event.target as HTMLInputElement).value;
  const check = (name: string, label: string, isChecked: boolean): TemplateResult =>
    html`<vscode-checkbox
      label=${label}
      ?checked=${isChecked}
      @change=${(event: Event) => set(name, (event.target as HTMLInputElement).checked)}
    ></vscode-checkbox>`;
  const changeAxis = (chosen: string): void => {
    shared.zoom = undefined; // its range is meaningless on another axis
    set("axis", chosen);
  };
  return html`<div class="toolbar" role="toolbar" aria-label=${t("Plots")}>
    <input
      type="search"
      placeholder=${t("Filter metrics")}
      aria-label=${t("Filter metrics")}
      .value=${search}
      @input=${(event: Event) => filterMetrics(model, { search: valueOf(event) })}
    />
    <label title=${SMOOTHING_DEFINITION}>
      ${t("Smoothing")}
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        .value=${String(smoothing)}
        @input=${(event: Event) => set("smoothing", Number(valueOf(event)))}
      />
      <output>${smoothing.toFixed(2)}</output>
    </label>
    <label>
      ${t("Axis")}
      <select .value=${axis} @change=${(event: Event) => changeAxis(valueOf(event))}>
        <option value="step" ?selected=${axis === "step"}>${t("Step")}</option>
        <option value="relative" ?selected=${axis === "relative"}>${t("Relative time")}</option>
        <option value="wall" ?selected=${axis === "wall"}>${t("Wall time")}</option>
      </select>
    </label>
    ${check("logAll", t("Log scale"), model.setting("metrics.logAll", false))}
    ${check("clip", t("Clip outliers"), isClipped)}
    ${model.focus.runs.length > 1 ? colorsChoice(model, settings) : nothing}
    <button class="chip" aria-expanded=${adding.isOpen} @click=${adding.toggle}>${t("Expression…")}</button>
    ${logChip(model)} ${only.size > 0 ? onlyChip(model, only) : nothing} ${plotHelp()}
  </div>`;
}

function logChip(model: DashboardModel): TemplateResult {
  const isLogged = model.setting("metrics.isLogged", false);
  return html`<button
    class="chip"
    aria-pressed=${isLogged}
    title=${t("Show the run's log beside its curves")}
    @click=${() => model.set("metrics.isLogged", !isLogged)}
  >
    ${t("Log")}
  </button>`;
}

function colorsChoice(model: DashboardModel, { colorBy }: PlotSettings): TemplateResult {
  return html`<label>
    ${t("Colors")}
    <select @change=${(event: Event) => model.set("metrics.colorBy", (event.target as HTMLSelectElement).value)}>
      <option value="arm" ?selected=${colorBy === "arm"}>${t("By arm")}</option>
      <option value="run" ?selected=${colorBy === "run"}>${t("By run")}</option>
    </select>
  </label>`;
}

function onlyChip(model: DashboardModel, only: ReadonlySet<string>): TemplateResult {
  const nameOf = stageNames(
    outlinesOf(model).flatMap(({ stages }) => stages),
    fromCatalogue,
  );
  return html`<button class="chip" aria-pressed="true" @click=${() => filterMetrics(model, { stages: [] })}>
    ${t("Only {0}", [...only].slice(0, 2).map(nameOf).join(", "))}
    <vscode-icon name="close" size="12"></vscode-icon>
  </button>`;
}
