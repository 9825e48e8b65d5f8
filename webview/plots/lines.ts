import { isSingleValue } from "../../engine/protocol/catalogue.ts";
import { isContinued } from "../../engine/protocol/armStages.ts";
import type { StageState } from "../../engine/protocol/runState.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { stageName } from "../../engine/protocol/stageName.ts";
import { originText } from "../parts/origin.ts";
import { partsOf } from "./expression.ts";

/** Name of a line, common to all base seeds and runs. */
export interface LineName {
  /** "salsa", "salsa (β 0.1)". */
  readonly name: string;
  /** Arm or other model that the line belongs to. */
  readonly product: string;
  /** One of several trainings for the product. */
  readonly isCandidate: boolean;
}

/** A line of a plot: an arm or another training of a run, over its seeds. */
export interface LineSource extends LineName {
  /** Unique among the lines of all plots. */
  readonly key: string;
  readonly folder: string;
  /** Place of the run in the focus. */
  readonly runIndex: number;
  /** Ids of stages, one a seed. */
  readonly stages: readonly string[];
  /** "from demo-1", where another run made it; else empty. */
  readonly origin: string;
}

/** The lines of a metric, run by run. */
export function linesOf(metric: string, outlines: readonly RunOutline[]): readonly LineSource[] {
  return outlines.flatMap((outline, runIndex) => {
    const { folder, series } = outline;
    const byId = stagesById(outline);
    const parts = partsOf(metric);
    const isWhole = wholeTrainings(outline);
    const ids = Object.keys(series).filter(
      (id) => parts.every((part) => series[id]?.[part] !== undefined) && isWhole(id),
    );
    const byName = Map.groupBy(ids, (id) => lineName(id, byId).name);
    return [...byName].map(([name, of]) => ({
      ...lineName(of[0] ?? name, byId),
      key: `${folder}\n${name}`,
      folder,
      runIndex,
      stages: of,
      origin: originText(of.flatMap((id) => byId.get(id) ?? [])),
    }));
  });
}

/** Names of all lines: arms first, since they are compared, then the rest, each in the order of the run. */
export function lineNames(outlines: readonly RunOutline[]): readonly LineName[] {
  const arms = new Map<string, LineName>();
  const others = new Map<string, LineName>();
  for (const outline of outlines) {
    const byId = stagesById(outline);
    const order = new Map([...byId.keys()].map((id, at) => [id, at]));
    const isWhole = wholeTrainings(outline);
    const recorded = Object.keys(outline.series)
      .filter(isWhole)
      .filter((id) => metricsOf(outline, id).some((metric) => !isSingleValue(metric)))
      .sort((a, b) => (order.get(a) ?? Infinity) - (order.get(b) ?? Infinity));
    for (const id of recorded) {
      const line = lineName(id, byId);
      const isArm = metricsOf(outline, id).some((metric) => metric.startsWith("objective/"));
      (isArm ? arms : others).set(line.name, line);
    }
  }
  return [...arms.values(), ...[...others.values()].filter(({ name }) => !arms.has(name))];
}

/** The origin of the lines of that name: see `LineSource.origin`. */
export function lineOrigin(name: string, { stages, series }: RunOutline): string {
  return originText(stages.filter((stage) => series[stage.id] !== undefined && stageName(stage) === name));
}

function metricsOf({ series }: RunOutline, id: string): readonly string[] {
  return Object.keys(series[id] ?? {});
}

/** Tells stages by their ids from parts of a training whose curves another stage repeats. */
function wholeTrainings({ stages, series }: RunOutline): (id: string) => boolean {
  const recorded = stages.filter(({ id }) => series[id] !== undefined);
  const parts = new Set(recorded.filter((stage) => isContinued(stage, recorded)).map(({ id }) => id));
  return (id) => !parts.has(id);
}

function stagesById({ stages }: RunOutline): ReadonlyMap<string, StageState> {
  return new Map(stages.map((stage) => [stage.id, stage]));
}

/** A stage that the run has not announced goes by its id. */
function lineName(id: string, byId: ReadonlyMap<string, StageState>): LineName {
  const stage = byId.get(id);
  if (stage === undefined) return { name: id, product: id, isCandidate: false };
  return { name: stageName(stage), product: stage.product, isCandidate: stage.role === "candidate" };
}
