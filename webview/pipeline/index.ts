import { shareDone } from "../../engine/protocol/runProgress.ts";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, svg, type TemplateResult } from "lit";
import type { RunConfig } from "../../engine/config/index.ts";
import { runProgress } from "../../engine/protocol/runProgress.ts";
import type { StageStatus } from "../../engine/protocol/runState.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { DashboardElement } from "../element.ts";
import { fromCatalogue, t } from "../localize.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { loadingNotice } from "../parts/notice.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles, noticeStyles } from "../parts/styles.ts";
import { METRIC_FILTERS } from "../plots/metricFilter.ts";
import { Remembered } from "../remembered.ts";
import { stageLook, statusIcon, statusStyles } from "../shell/status.ts";
import { duration } from "../shell/time.ts";
import { candidateRows, choiceOf } from "./candidates.ts";
import { type Lane, type PipelineNode, pipelineOf, shownEdges } from "./graph.ts";
import { type Layout, layOut, pathOf } from "./layout.ts";
import { stateOf, unseenOf, workOf } from "./nodeText.ts";
import { pipelineStyles } from "./styles.ts";

const SPACING = { layerGap: 30, nodeGap: 12 } as const;
const WIDTH = { least: 152, most: 210 } as const;
const HEIGHT = { node: 68, candidate: 18 } as const;

/** Where a node is drawn. */
interface NodePlace {
  readonly box: Readonly<Record<string, string>>;
  /** Unique among the lanes. */
  readonly key: string;
  /** Names nodes by their ids. */
  readonly nameOf: (id: string) => string;
}

/** View state for a run. */
interface Setup {
  /** Seeds of lanes that were opened or closed by hand. */
  readonly toggled: readonly (readonly [seed: number, isOpen: boolean])[];
}

const START: Setup = { toggled: [] };

/** The run's stages as a graph, with where each stands. */
class Pipeline extends DashboardElement {
  static override readonly properties = { near: { state: true } };
  /** The node under the pointer: its edges are highlighted. */
  declare near: string | undefined;
  private readonly setups = new Remembered("pipeline.setup", START);
  private readonly config = new LatestRequest<RunConfig>(this);

  static override readonly styles = [baseStyles, noticeStyles, statusStyles, pipelineStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("resize", this.onResize);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("resize", this.onResize);
  }

  private readonly onResize = (): void => this.requestUpdate();

  override render(): TemplateResult {
    const [folder = ""] = this.model.focus.runs;
    const outline = this.model.outline(folder);
    if (outline === undefined) return loadingNotice(t("Reading the run"));
    const config = this.config.ask(
      folder,
      async () => (await this.model.host.request("provenance", { folder })).config,
    );
    // A run that is only queued has no config yet.
    if (config.isLoading && config.value === undefined) return loadingNotice(t("Reading the run"));
    const lanes = pipelineOf(outline.stages, config.value);
    return html`${totalBar(outline)} ${lanes.map((lane) => this.lane(lane, { isOnly: lanes.length === 1, lanes }))}`;
  }

  private lane(
    lane: Lane,
    { isOnly, lanes }: { readonly isOnly: boolean; readonly lanes: readonly Lane[] },
  ): TemplateResult {
    if (isOnly || lane.seed === undefined) return this.graph(lane);
    const { seed, nodes } = lane;
    const isOpen = new Map(this.toggled).get(seed) ?? lane === openLane(lanes);
    const stages = nodes.flatMap((node) => node.stages);
    const nDone = nodes.reduce((sum, node) => sum + node.nDone, 0);
    const look = stageLook(laneStatus(lane));
    return html`<section class="lane">
      <button aria-expanded=${isOpen} @click=${() => this.toggle(seed, !isOpen)}>
        <vscode-icon name=${isOpen ? "chevron-down" : "chevron-right"}></vscode-icon>
        ${statusIcon(look)} ${t("Seed {0}", seed)}
        <span class="muted">${look.label} · ${t("{0} of {1} stages", nDone, stages.length)}</span>
      </button>
      ${isOpen ? this.graph(lane) : nothing}
    </section>`;
  }

  private graph({ nodes, seed }: Lane): TemplateResult {
    const height = ({ candidates }: PipelineNode): number =>
      HEIGHT.node + (candidates.length === 0 ? 0 : candidates.length * HEIGHT.candidate + 6);
    const edges = shownEdges(nodes);
    const graph = { nodes: nodes.map((node) => ({ id: node.id, height: height(node) })), edges };
    const nodeWidth = this.nodeWidth(layOut(graph, { ...SPACING, nodeWidth: 0 }).width / SPACING.layerGap + 1);
    const layout = layOut(graph, { ...SPACING, nodeWidth });
    const size = { width: `${layout.width}px`, height: `${layout.height}px` };
    const names = new Map(nodes.map(({ id, name }) => [id, name]));
    const nameOf = (id: string): string => names.get(id) ?? id;
    return html`<div class="graph">
      <div class="canvas" ${styled(size)}>
        <svg aria-hidden="true" width=${layout.width} height=${layout.height}>${this.edges(layout, seed)}</svg>
        <ol aria-label=${seed === undefined ? t("Stages") : t("Stages of seed {0}", seed)}>
          ${nodes.map((node) => {
            const { x, y } = layout.places.get(node.id) ?? { x: 0, y: 0 };
            const box = { left: `${x}px`, top: `${y}px`, width: `${nodeWidth}px`, height: `${height(node)}px` };
            return html`<li>${this.node(node, { box, key: keyOf(seed, node.id), nameOf })}</li>`;
          })}
        </ol>
      </div>
    </div>`;
  }

  /** As wide as lets all layers be seen, if there is room for that. */
  private nodeWidth(nLayers: number): number {
    const room = (window.innerWidth - 40 - (nLayers - 1) * SPACING.layerGap) / nLayers;
    return Math.floor(Math.min(WIDTH.most, Math.max(WIDTH.least, room)));
  }

  private edges({ routes }: Layout, seed: number | undefined): readonly TemplateResult[] {
    return routes.map(({ from, to, points }) => {
      const isNear = this.near !== undefined && [keyOf(seed, from), keyOf(seed, to)].includes(this.near);
      return svg`<path class=${isNear ? "edge near" : "edge"} d=${pathOf(points)}></path>`;
    });
  }

  private node(node: PipelineNode, { box, key, nameOf }: NodePlace): TemplateResult {
    const [folder = ""] = this.model.focus.runs;
    const choice = choiceOf(node, (stage, metric) => this.model.curve(folder, { stage, metric })?.values.at(-1));
    const work = workOf(node, choice.chosen);
    const running = node.stages.find(({ status }) => status === "running");
    const isPlaced = node.stages.some(({ id }) => id === this.model.focus.place?.stage);
    const point = (isNear: boolean) => () => {
      this.near = isNear ? key : undefined;
    };
    return html`<button
      class="node ${node.status} ${isPlaced ? "placed" : ""}"
      title=${[node.name, work, unseenOf(node, nameOf)].join(". ")}
      ${styled(box)}
      @click=${() => this.open(node)}
      @mouseenter=${point(true)}
      @mouseleave=${point(false)}
      @focus=${point(true)}
      @blur=${point(false)}
    >
      <span class="head">${statusIcon(stageLook(node.status))}<b>${node.name}</b></span>
      <span class="what">${work}</span>
      <span class="what">${stateOf(node)}</span>
      <span class="visually-hidden">${unseenOf(node, nameOf)}</span>
      ${candidateRows(node.candidates, choice)}
      ${
        running === undefined
          ? nothing
          : html`<span class="progress"
              ><div ${styled({ width: `${(shareDone(running) * 100).toFixed(1)}%` })}></div
            ></span>`
      }
    </button>`;
  }

  private toggle(seed: number, isOpen: boolean): void {
    const others = this.toggled.filter(([one]) => one !== seed);
    this.setups.set(this.model, this.model.focus.runs[0] ?? "", { toggled: [...others, [seed, isOpen]] });
  }

  private get toggled(): Setup["toggled"] {
    return this.setups.of(this.model, this.model.focus.runs[0] ?? "").toggled;
  }

  /**
   * Opens the output of a node: curves of trainings, texts of answers, or the table of judgments. One that records no
   * curves, as a soup or preference pairs, leads to the config that says how it is made.
   */
  private open({ kind, stages }: PipelineNode): void {
    const ids = stages.map(({ id }) => id);
    const { series = {} } = this.model.outline(this.model.focus.runs[0] ?? "") ?? {};
    const isTraining = !["soup", "preferences", "other"].includes(kind) || ids.some((id) => Object.hasOwn(series, id));
    const view =
      kind === "answers" ? "samples" : kind === "judgments" ? "winRates" : isTraining ? "metrics" : "provenance";
    if (view === "metrics") METRIC_FILTERS.set(this.model, this.model.focus.runs[0] ?? "", { stages: ids });
    this.model.show({ view });
  }
}

/** Of several seeds, the one at work is open; else the first. */
function openLane(lanes: readonly Lane[]): Lane | undefined {
  return lanes.find((lane) => laneStatus(lane) === "running") ?? lanes[0];
}

function laneStatus({ nodes }: Lane): StageStatus {
  const has = (status: StageStatus): boolean => nodes.some((node) => node.status === status);
  return (["failed", "running", "stopped", "waiting", "finished"] as const).find(has) ?? "cached";
}

function keyOf(seed: number | undefined, id: string): string {
  return `${seed ?? ""}/${id}`;
}

/** Every stage as wide as its share of the work, filled as far as it is done. */
function totalBar(outline: RunOutline): TemplateResult {
  const { stages } = outline;
  const nameOf = stageNames(stages, fromCatalogue);
  const { nDone, nStages, fraction, secondsLeft } = runProgress(outline);
  const counts = (["finished", "cached", "running", "stopped", "failed", "waiting"] as const)
    .map((status) => ({ status, n: stages.filter((stage) => stage.status === status).length }))
    .filter(({ n }) => n > 0);
  const left = secondsLeft === undefined ? "" : ` · ${t("{0} left", duration(secondsLeft))}`;
  return html`<div class="total">
    <div>
      <strong>${t("{0} of {1} stages", nDone, nStages)}</strong>
      <span class="muted">${t("{0} % of the work", Math.floor(fraction * 100))}${left}</span>
    </div>
    <div class="segments" aria-hidden="true">
      ${stages.map((stage) => {
        const look = stageLook(stage.status);
        return html`<div
          class="segment tone-${look.tone}"
          title="${nameOf(stage.id)}: ${look.label}"
          ${styled({ "flex-grow": String(stage.work ?? 1) })}
        >
          <div ${styled({ width: `${shareDone(stage) * 100}%` })}></div>
        </div>`;
      })}
    </div>
    <div class="legend">
      ${counts.map(({ status, n }) => html`<span>${statusIcon(stageLook(status), 14)} ${stageLook(status).label}: ${n}</span>`)}
    </div>
  </div>`;
}

customElements.define("salsa-pipeline", Pipeline);
