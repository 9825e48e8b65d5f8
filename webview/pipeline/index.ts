import { shareDone } from "../../engine/protocol/runProgress.ts";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, svg, type TemplateResult } from "lit";
import { translatedAlarm } from "../../engine/protocol/alarmTexts.ts";
import type { RunConfig } from "../../engine/config/index.ts";
import type { AlarmState, StageStatus } from "../../engine/protocol/runState.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { DashboardElement } from "../element.ts";
import { fromCatalogue, t } from "../localize.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { loadingNotice } from "../parts/notice.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles, noticeStyles } from "../parts/styles.ts";
import { METRIC_FILTERS } from "../plots/metricFilter.ts";
import { Remembered } from "../remembered.ts";
import { stageLook, statusIcon, statusStyles } from "../shell/status.ts";
import { armFacts, factRow, trainingOf } from "./armFacts.ts";
import { candidateRows, choiceOf } from "./candidates.ts";
import { type Lane, type PipelineNode, pipelineOf, shownEdges } from "./graph.ts";
import { type Graph, type Layout, layOut, pathOf, stack } from "./layout.ts";
import { stateOf, unseenOf, workOf } from "./nodeText.ts";
import { pipelineStyles } from "./styles.ts";
import "./resultCard.ts";
import "./zoomPane.ts";
import { whenResized } from "../parts/observed.ts";

const SPACING = { layerGap: 30, nodeGap: 12 } as const;
/** Gap of layers where there is little room. */
const NARROW_GAP = 20;
const WIDTH = { least: 128, most: 210 } as const;
/** Of nodes in rows, as there are when the layers do not fit beside each other. */
const ROW_WIDTH = 150;
const HEIGHT = { node: 64, heading: 17, candidate: 18, facts: 36 } as const;
/** Nodes from which on a graph is zoomed and panned in a pane of its own. */
const MANY = 30;

/** Names of a node and its neighbours. */
interface NodePlace {
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
  static override readonly properties = {
    ...DashboardElement.properties,
    near: { state: true },
    room: { state: true },
  };
  /** The node under the pointer: its edges are highlighted. */
  declare near: string | undefined;
  /** Width for a graph, in pixels. */
  declare room: number;
  private readonly setups = new Remembered("pipeline.setup", START);
  private readonly config = new LatestRequest<RunConfig>(this);

  static override readonly styles = [baseStyles, noticeStyles, statusStyles, pipelineStyles];

  constructor() {
    super();
    this.room = window.innerWidth - 40;
    whenResized(this, ({ width }) => width >= 1 && (this.room = Math.floor(width)));
  }

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
    const isFinished = outline.status === "finished";
    return html`${isFinished ? html`<salsa-result-card .model=${this.model}></salsa-result-card>` : nothing}
    ${stageCounts(outline)} ${lanes.map((lane) => this.lane(lane, { isOnly: lanes.length === 1, lanes }))}`;
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
    const height = new Map(nodes.map((node) => [node.id, this.heightOf(node)]));
    const graph = {
      nodes: nodes.map(({ id }) => ({ id, height: height.get(id) ?? HEIGHT.node })),
      edges: shownEdges(nodes),
    };
    const isMany = nodes.length > MANY;
    const { layout, nodeWidth } = this.arrange(graph, isMany);
    const size = { width: `${layout.width}px`, height: `${layout.height}px` };
    const names = new Map(nodes.map(({ id, name }) => [id, name]));
    const nameOf = (id: string): string => names.get(id) ?? id;
    const label = seed === undefined ? t("Stages") : t("Stages of seed {0}", seed);
    const drawing = html`<div class="canvas" ${styled(size)}>
      <svg aria-hidden="true" width=${layout.width} height=${layout.height}>${this.edges(layout, seed)}</svg>
      <ol aria-label=${label}>
        ${nodes.map((node) => {
          const { x, y } = layout.places.get(node.id) ?? { x: 0, y: 0 };
          const box = {
            left: `${x}px`,
            top: `${y}px`,
            width: `${nodeWidth}px`,
            height: `${height.get(node.id) ?? HEIGHT.node}px`,
          };
          return html`<li ${styled(box)}>${this.node(node, { key: keyOf(seed, node.id), nameOf })}</li>`;
        })}
      </ol>
    </div>`;
    if (!isMany || layout.isDown) return html`<div class="graph">${drawing}</div>`;
    return html`<salsa-zoom-pane .width=${layout.width} .height=${layout.height} .label=${label}>
      ${drawing}
    </salsa-zoom-pane>`;
  }

  private heightOf(node: PipelineNode): number {
    const nCandidates = node.candidates.length;
    const candidates = nCandidates === 0 ? 0 : HEIGHT.heading + nCandidates * HEIGHT.candidate;
    return HEIGHT.node + candidates + (this.factsOf(node).length === 0 ? 0 : HEIGHT.facts);
  }

  /** Layers beside each other where they fit or can be zoomed, with nodes as wide as lets all be seen; else in rows. */
  private arrange(graph: Graph, isMany: boolean): { readonly layout: Layout; readonly nodeWidth: number } {
    const nLayers = layOut(graph, { ...SPACING, nodeWidth: 0 }).width / SPACING.layerGap + 1;
    const widthBy = (gap: number): number => (this.room - (nLayers - 1) * gap) / nLayers;
    const layerGap = widthBy(SPACING.layerGap) < WIDTH.least ? NARROW_GAP : SPACING.layerGap;
    const width = Math.floor(widthBy(layerGap));
    const isAcross = width >= WIDTH.least || (isMany && this.room > (nLayers * WIDTH.least) / 2);
    if (isAcross) {
      const nodeWidth = Math.min(WIDTH.most, Math.max(WIDTH.least, width));
      return { layout: layOut(graph, { ...SPACING, layerGap, nodeWidth }), nodeWidth };
    }
    const { nodeGap } = SPACING;
    const perRow = Math.max(1, Math.floor((this.room + nodeGap) / (ROW_WIDTH + nodeGap)));
    const nodeWidth = Math.min(WIDTH.most, Math.floor((this.room + nodeGap) / perRow) - nodeGap);
    return { layout: stack(graph, { ...SPACING, nodeWidth, perRow }), nodeWidth };
  }

  private edges({ routes, isDown }: Layout, seed: number | undefined): readonly TemplateResult[] {
    return routes.map(({ from, to, points }) => {
      const isNear = this.near !== undefined && [keyOf(seed, from), keyOf(seed, to)].includes(this.near);
      return svg`<path class=${isNear ? "edge near" : "edge"} d=${pathOf(points, isDown)}></path>`;
    });
  }

  private node(node: PipelineNode, { key, nameOf }: NodePlace): TemplateResult {
    const choice = choiceOf(node, this.newest);
    const work = workOf(node, choice.chosen);
    const running = node.stages.find(({ status }) => status === "running");
    const isPlaced = node.stages.some(({ id }) => id === this.model.focus.place?.stage);
    const facts = this.factsOf(node);
    const alarms = this.alarmsOf(node);
    const unseen = unseenOf(node, nameOf);
    const point = (isNear: boolean) => () => {
      this.near = isNear ? key : undefined;
    };
    return html`<button
        class="node ${node.status} ${isPlaced ? "placed" : ""} ${alarms.length > 0 ? "alarmed" : ""}"
        title=${[node.name, work, unseen].join(". ")}
        @click=${() => this.open(node)}
        @mouseenter=${point(true)}
        @mouseleave=${point(false)}
        @focus=${point(true)}
        @blur=${point(false)}
      >
        <span class="head">${statusIcon(stageLook(node.status))}<b>${node.name}</b></span>
        <span class="what">${work}</span>
        <span class="what">${stateOf(node)}</span>
        <span class="visually-hidden">${unseen}</span>
        ${facts.length === 0 ? nothing : factRow(facts)} ${candidateRows(node.candidates, choice)}
        ${
          running === undefined
            ? nothing
            : html`<span class="progress"
                ><div ${styled({ width: `${(shareDone(running) * 100).toFixed(1)}%` })}></div
              ></span>`
        }
      </button>
      ${this.alarmMark(node, alarms)}`;
  }

  /** Leads to the last alarm of a node's stages. */
  private alarmMark({ name }: PipelineNode, alarms: readonly AlarmState[]): TemplateResult | typeof nothing {
    const last = alarms.at(-1);
    if (last === undefined) return nothing;
    const { stage, step } = last;
    const labels = [...new Set(alarms.map((alarm) => translatedAlarm(alarm.name, fromCatalogue).label))].join(", ");
    // The count that is seen is said, too.
    const label =
      alarms.length > 1
        ? t("{0} alarms of {1}: {2}", alarms.length, name, labels)
        : t("Alarm of {0}: {1}", name, labels);
    return html`<button
      class="alarm"
      title=${label}
      aria-label=${label}
      @click=${() => this.model.show({ view: "alarms", place: { stage, step } })}
    >
      <vscode-icon name="warning" size="14"></vscode-icon>${alarms.length > 1 ? alarms.length : nothing}
    </button>`;
  }

  private alarmsOf({ stages }: PipelineNode): readonly AlarmState[] {
    const ids = new Set(stages.map(({ id }) => id));
    return (this.outline?.alarms ?? []).filter(({ stage }) => ids.has(stage));
  }

  private factsOf(node: PipelineNode): ReturnType<typeof armFacts> {
    const { outline } = this;
    if (outline === undefined) return [];
    const stage = trainingOf(node, choiceOf(node, this.newest).chosen);
    return armFacts(stage, outline, (key) => this.model.curve(outline.folder, key));
  }

  private readonly newest = (stage: string, metric: string): number | undefined =>
    this.model.curve(this.model.focus.runs[0] ?? "", { stage, metric })?.values.at(-1);

  private get outline(): RunOutline | undefined {
    return this.model.outline(this.model.focus.runs[0] ?? "");
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
    const { series = {} } = this.outline ?? {};
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

/** How many stages are in each state; how far the run is stands in its header. */
function stageCounts({ stages }: RunOutline): TemplateResult {
  const counts = (["finished", "cached", "running", "stopped", "failed", "waiting", "dropped"] as const)
    .map((status) => ({ status, n: stages.filter((stage) => stage.status === status).length }))
    .filter(({ n }) => n > 0);
  return html`<p class="legend" aria-label=${t("Stages by state")}>
    ${counts.map(({ status, n }) => html`<span>${statusIcon(stageLook(status), 14)} ${stageLook(status).label}: ${n}</span>`)}
  </p>`;
}

customElements.define("salsa-pipeline", Pipeline);
