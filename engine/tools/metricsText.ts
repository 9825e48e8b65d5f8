import { describeMetric } from "../protocol/catalogue.ts";
import { decimate } from "../figures/decimate.ts";
import type { Curve } from "./curve.ts";
import { number } from "./numbers.ts";

/** How long a text may become. */
export interface TextBudget {
  readonly tokens: number;
  readonly count: (text: string) => PromiseLike<number>;
}

/** Pixel columns that a curve is drawn over, from the finest on; each keeps up to four points. */
const COLUMNS = [64, 32, 16, 8, 4, 2, 0] as const;

/**
 * Curves as a language model reads them: of each the unit, first, last, lowest and highest value, then as many points
 * as there is room for. Peaks stay, however few points are left.
 */
export async function metricsText(curves: readonly Curve[], { tokens, count }: TextBudget): Promise<string> {
  for (const columns of COLUMNS) {
    const text = curves.map((curve) => curveText(curve, columns)).join("\n\n");
    if ((await count(text)) <= tokens) return text;
  }
  // Not even the summaries fit: as many of them as do.
  for (let n = curves.length - 1; n > 0; n = Math.floor(n / 2)) {
    const some = curves.slice(0, n).map((curve) => curveText(curve, 0));
    const text = [...some, `${curves.length - n} more curves do not fit; ask for fewer metrics or stages.`].join(
      "\n\n",
    );
    if ((await count(text)) <= tokens) return text;
  }
  return `${curves.length} curves do not fit; ask for one metric of one stage.`;
}

/** Default metrics when none are named: whether the policy learns, at what price, and whether it cheats. */
export const MAIN_METRICS: readonly string[] = [
  "objective/score",
  "objective/gold",
  "objective/kl",
  "rollout/length",
  "rollout/eosRate",
  "policy/entropy",
  "policy/clipFraction",
  "value/explainedVariance",
];

/** Selects the curves of the named metrics and stages, or the main ones; also returns the names that match none. */
export function chosenCurves(
  recorded: Readonly<Record<string, Readonly<Record<string, number>>>>,
  { metrics = [], stages = [] }: { readonly metrics?: readonly string[]; readonly stages?: readonly string[] },
): {
  readonly keys: readonly { readonly stage: string; readonly metric: string }[];
  readonly missing: readonly string[];
} {
  const all = Object.entries(recorded)
    .filter(([stage]) => stages.length === 0 || stages.includes(stage))
    .flatMap(([stage, counts]) => Object.keys(counts).map((metric) => ({ stage, metric })));
  const wanted = metrics.length > 0 ? metrics : MAIN_METRICS;
  const keys = all.filter(({ metric }) => wanted.includes(metric));
  const missing = [
    ...metrics.filter((metric) => !keys.some((key) => key.metric === metric)),
    ...stages.filter((stage) => !Object.hasOwn(recorded, stage)),
  ];
  // Of a run without RLHF yet, whatever there is.
  return { keys: keys.length > 0 || metrics.length > 0 ? keys : all, missing };
}

function curveText({ stage, metric, steps, values }: Curve, columns: number): string {
  const { label, unit } = describeMetric(metric);
  const head = `${stage} ${metric} (${label}${unit === "" ? "" : `, ${unit}`})`;
  const finite = [...values.keys()].filter((at) => Number.isFinite(values[at] ?? NaN));
  const at = (index: number | undefined): string =>
    index === undefined ? "none" : `${number(values[index] ?? NaN)} at step ${steps[index] ?? NaN}`;
  const least = extreme(values, finite, (a, b) => a < b);
  const most = extreme(values, finite, (a, b) => a > b);
  const lost = values.length - finite.length;
  const notFinite = lost === 0 ? "" : `; ${lost} not finite`;
  const summary = `${values.length} points${notFinite}; first ${at(finite[0])}; last ${at(finite.at(-1))}; min ${at(least)}; max ${at(most)}`;
  if (columns === 0 || values.length === 0) return `${head}\n${summary}`;
  const { x, y } = decimate({ x: steps, y: values }, columns);
  const points = Array.from(x, (step, index) => `${step}:${number(y[index] ?? NaN)}`).join(" ");
  const kept = x.length < values.length ? ` (${x.length} of them, every peak kept)` : "";
  return `${head}\n${summary}\nstep:value${kept} ${points}`;
}

function extreme(
  values: Float64Array,
  among: readonly number[],
  isBetter: (one: number, other: number) => boolean,
): number | undefined {
  let best = among[0];
  for (const at of among) if (best !== undefined && isBetter(values[at] ?? NaN, values[best] ?? NaN)) best = at;
  return best;
}
