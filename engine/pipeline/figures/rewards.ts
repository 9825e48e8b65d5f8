import type { Panel, PanelMark, XYSeries } from "../../figures/index.ts";
import { counted, rangeOf, type Estimate } from "../../figures/index.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, PaperFigure } from "./figure.ts";
import { meanEstimate } from "./estimates.ts";
import { ppoLack, salsaLack } from "./lacks.ts";
import { type ArmRole, comparedArms } from "./roles.ts";

/** Bins of the histograms. */
const BINS = 32;
/** Policies that are drawn at most: more outlines look alike. */
const MOST = 4;

/** Figure 3: how the rewards of policies' answers are distributed, with their means. */
export const rewards: PaperFigure = {
  name: "rewards",
  source: "Figure 3",
  title: "Rewards of policies",
  description: "How the reward model scores the answers of policies to each benchmark, with their means",
  draw,
};

async function draw(facts: FigureFacts): Promise<FigureState> {
  const { config, roles, state } = facts;
  const { ppo, salsa } = comparedArms(roles);
  const lacks = [...(ppo === undefined ? [ppoLack(config)] : []), ...(salsa === undefined ? [salsaLack(config)] : [])];
  const wanted = new Set([ppo, salsa, ...roles].filter((role) => role !== undefined));
  const panels: Panel[] = [];
  const means: string[] = [];
  let nSeeds = 1;
  for (const benchmark of config.evaluation.benchmarks) {
    const found: Rewards[] = [];
    for (const role of wanted) {
      if (found.length === MOST) break;
      const bySeed: (readonly number[])[] = [];
      for (const stage of state.stages) {
        const isWanted = stage.kind === "answers" && stage.role === "result" && stage.benchmark === benchmark;
        if (!isWanted || stage.product !== role.name) continue;
        const answers = await facts.answers(stage);
        if (answers !== undefined) bySeed.push(answers.rewards);
      }
      const estimate = meanEstimate(bySeed);
      if (estimate !== undefined) found.push({ role, values: bySeed.flat(), estimate });
    }
    if (found.length === 0) continue;
    found.sort((a, b) => facts.roles.indexOf(a.role) - facts.roles.indexOf(b.role));
    nSeeds = Math.max(nSeeds, ...found.map(({ estimate }) => estimate.nSeeds));
    means.push(`${benchmark}: ${found.map(meanWords).join(", ")}.`);
    panels.push(panelOf(benchmark, found));
  }
  if (panels.length === 0)
    return {
      lacks: [
        ...lacks,
        { what: "No answers to a benchmark are there: the run has not got so far, or they were removed" },
      ],
    };
  const seeds =
    nSeeds > 1 ? `${nSeeds} base seeds pooled; intervals over their means` : "One base seed; intervals over prompts";
  return {
    spec: {
      title: "Rewards of policies",
      caption: `Share of answers by the reward model's score, in ${BINS} bins; dashed: means. Means with 95 % Student intervals: ${means.join(" ")} ${seeds}.`,
      panels,
    },
    lacks,
  };
}

interface Rewards {
  readonly role: ArmRole;
  readonly values: readonly number[];
  readonly estimate: Estimate;
}

function meanWords({ role, estimate: { value, low, high, n } }: Rewards): string {
  const interval = low === undefined || high === undefined ? "" : ` (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `${role.name} ${value.toFixed(3)}${interval}, n = ${counted(n)}`;
}

/** All policies share the bins. */
function panelOf(benchmark: string, found: readonly Rewards[]): Panel {
  const { min, max } = rangeOf(...found.map(({ values }) => values)) ?? { min: 0, max: 1 };
  const width = (max - min || 1) / BINS;
  const series = found.map(({ role, values, estimate: { nSeeds } }): XYSeries => {
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values) {
      const bin = Math.min(BINS - 1, Math.floor((value - min) / width));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const points = [...counts, 0].map((count, bin) => ({
      x: min + bin * width,
      value: count / values.length,
      n: values.length,
      nSeeds,
    }));
    return { name: role.name, color: role.color, look: "steps", points };
  });
  const marks = found.map(({ role, estimate }): PanelMark => ({ axis: "x", at: estimate.value, color: role.color }));
  return {
    kind: "xy",
    title: benchmark,
    x: { label: "Reward" },
    y: { label: "Share of answers", format: "percent" },
    series,
    marks,
  };
}
