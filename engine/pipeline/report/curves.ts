import {
  type Line,
  type PanelSheet,
  type Points,
  type ReadoutLine,
  lineFigure,
  readoutOf,
} from "../../figures/index.ts";
import { describeMetric } from "../../protocol/catalogue.ts";
import { type ReferredArms, withReferences } from "../../protocol/references.ts";
import { ownValue } from "../../common/dictionary.ts";
import { N_COLORS } from "../../protocol/palette.ts";
import type { RunState } from "../../protocol/runState.ts";
import { trainedArms } from "./arms.ts";
import type { RunFacts } from "./facts.ts";

/** A file below the report's folder. */
export interface Figure {
  /** "figures/score.svg" */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
  /** The numbers behind it. */
  readonly data?: PanelSheet | undefined;
  /** Values of its lines, for pages in which they can be read off. */
  readonly readout?: readonly ReadoutLine[];
}

/** The most informative metrics of an RLHF training, in the order in which to look at them. */
const KEY_METRICS = [
  { metric: "objective/score", name: "score" },
  { metric: "objective/gold", name: "gold" },
  { metric: "objective/kl", name: "kl" },
  { metric: "rollout/length", name: "length" },
  { metric: "policy/entropy", name: "entropy" },
  { metric: "evaluation/winRate", name: "winRateCurve" },
] as const;

/** Characters of a title that fit into a figure's one line for it; the caption has as many lines as it needs. */
const MOST_TITLE = 80;

/** A run whose curves are drawn. */
export interface CurveSource {
  readonly facts: Pick<RunFacts, "state" | "choices" | "palette"> & { readonly config: ReferredArms };
  /** Precedes the names of its arms, where several runs are laid over each other. */
  readonly title?: string;
}

/** A figure for each key metric that was recorded, with all arms laid over each other, and those of several runs. */
export function curveFigures(sources: readonly CurveSource[]): Figure[] {
  const isSingle = sources.every(({ facts }) => trainedArms(facts).every(({ stages }) => stages.length === 1));
  const configs = sources.map(({ facts }) => facts.config);
  return KEY_METRICS.flatMap(({ metric, name: file }) => {
    // Runs have the looks of their arms, and marks that tell them apart.
    const lines = sources.flatMap(({ facts, title }, shape) =>
      linesOf(facts, metric).map((line) =>
        title === undefined ? line : { ...line, name: `${title}: ${line.name}`, shape },
      ),
    );
    if (lines.length === 0) return [];
    const entry = describeMetric(metric);
    const { label, unit, description, bounds } = entry;
    const { label: title } = withReferences(entry, configs);
    const isLong = title.length > MOST_TITLE;
    const svg = lineFigure({
      title: isLong ? label : title,
      x: { label: stepLabel(sources.flatMap(({ facts }) => facts.state.stages)) },
      y: { label, unit },
      lines,
      bounds,
      smoothing: smoothingFor(lines),
      caption: `${isLong ? `${title}. ` : ""}${description}.${isSingle ? " One seed." : ""}`,
      isInteractive: true,
    });
    return [{ file: `figures/${file}.svg`, title, svg, data: dataOf(lines, title), readout: readoutOf(lines) }];
  });
}

/** A line for each arm of a run. */
function linesOf(facts: CurveSource["facts"], metric: string): readonly Line[] {
  const { state, palette } = facts;
  const nDrawn = new Map<string, number>();
  return trainedArms(facts).flatMap(({ arm, name, stages }): Line[] => {
    const curves = stages.flatMap((stage) => pointsOf(state, stage, metric));
    if (curves.length === 0) return [];
    // Candidates of an arm have its colour, each with another dash.
    const nth = nDrawn.get(arm) ?? 0;
    nDrawn.set(arm, nth + 1);
    const place = ownValue(palette, arm);
    const [only, ...others] = stages;
    const interval = only === undefined || others.length > 0 ? undefined : intervalOf(state, only, metric);
    return [{ name, curves, interval, place: place === undefined ? undefined : place + nth * N_COLORS }];
  });
}

/** Names the steps of a run's trainings: PPO's are iterations, DPO's optimizer steps. */
function stepLabel(stages: RunState["stages"]): string {
  const [hasPpo, hasDpo] = ["rlhf", "dpo"].map((kind) => stages.some((stage) => stage.kind === kind));
  if (hasDpo !== true) return "PPO iteration";
  return hasPpo === true ? "PPO iteration, or optimizer step of DPO" : "Optimizer step";
}

/** Every recorded point. */
function dataOf(lines: readonly Line[], label: string): PanelSheet {
  const rows = lines.flatMap(({ name, curves }) =>
    curves.flatMap(({ x, y }, curve) =>
      Array.from(x, (step, at) => {
        const value = y[at] ?? NaN;
        return [name, curve + 1, step, Number.isFinite(value) ? value : null] as const;
      }),
    ),
  );
  const number = (header: string) => ({ header, align: "right" }) as const;
  return { columns: [{ header: "arm", align: "left" }, number("seed, counted"), number("step"), number(label)], rows };
}

function pointsOf({ metrics }: RunState, stage: string, metric: string): Points[] {
  const series = metrics[stage]?.[metric];
  if (series === undefined) return [];
  return [{ x: series.steps, y: series.values.map((value) => value ?? NaN) }];
}

/** The interval of a metric that has one; over several seeds the band is of their mean. */
function intervalOf({ metrics }: RunState, stage: string, metric: string): Line["interval"] {
  const [low, high] = (describeMetric(metric).interval ?? []).map((end) =>
    metrics[stage]?.[end]?.values.map((value) => value ?? NaN),
  );
  return low === undefined || high === undefined ? undefined : { low, high };
}

/** Points too few to smooth. */
const FEW = 20;
/** Share of the past that one point keeps. */
const KEPT = 0.7;

/** The weight under which each of the points keeps the same share of those before, however many there are. */
function smoothingFor(lines: readonly Line[]): number {
  const n = Math.max(...lines.flatMap(({ curves }) => curves.map(({ x }) => x.length)));
  // As smooth() has it, a point d thousandths of the axis further on keeps (√weight)^d of what was before.
  return n < FEW ? 0 : Number((KEPT ** ((2 * (n - 1)) / 1000)).toFixed(3));
}
