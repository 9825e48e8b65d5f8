import type { EventBody, RunEvent } from "../../engine/protocol/events.ts";
import { describeMetric } from "../../engine/protocol/catalogue.ts";
import { PERCENTILES, percentilePath } from "../../engine/protocol/distributions.ts";
import { parseConfig, type RunConfig } from "../../engine/config/index.ts";
import { salsa } from "../../engine/pipeline/salsa.ts";
import type { StageInfo } from "../../engine/protocol/stages.ts";
import type { MemoryByRole } from "../../engine/common/memory.ts";

/** When every recording begins, in milliseconds since 1970. */
export const BEGIN = Date.UTC(2026, 8, 1, 9, 0, 0);

/** Properties of a recorded run. */
export interface RecordingSettings {
  readonly name?: string;
  readonly config?: RunConfig;
  /** Steps of each training. */
  readonly steps?: number;
  /** Events after which the recording is cut off; the whole run when left out. */
  readonly until?: number;
  readonly seed?: number;
  /** As logs were written before 2026-12: with the names of stages only. */
  readonly isLegacy?: boolean;
  /** With percentiles of the rollouts, as PPO has recorded them since 2026-12. */
  readonly hasDistributions?: boolean;
  /** With memory by role, planned and held, as runs have recorded it since 2026-12. */
  readonly hasMemory?: boolean;
}

/** The recipe of most fixtures: two SFTs, their soup, PPO against either, one benchmark of two. */
export const RECIPE = {
  name: "demo",
  seeds: [1],
  task: { name: "miniinstruct" },
  model: {
    architecture: { hiddenSize: 64, nLayers: 2, nHeads: 4, intermediateSize: 176 },
    pretrain: { steps: 100, batchSize: 64, learningRate: 1e-3 },
  },
  sft: { seeds: [1, 2, 3], steps: 100, batchSize: 8, learningRate: 1e-3 },
  soups: {
    soup: { method: "linear", of: ["sft-1", "sft-2"] },
    soup3: { method: "uniform", of: ["sft-1", "sft-2", "sft-3"] },
  },
  rlhf: { init: "sft-1", iterations: 60, batchSize: 128, minibatchSize: 128 },
  arms: {
    ppo: { reference: "sft-1" },
    salsa: { reference: "soup" },
    "salsa-3": { reference: "soup3" },
    mkl: { reference: ["sft-1", "sft-2"] },
  },
} as const;

/** A config as a run keeps it. */
export function configOf(changes: Readonly<Record<string, unknown>> = {}): RunConfig {
  return parseConfig(JSON.stringify({ ...RECIPE, ...changes }), "/work/demo.salsa.json");
}

/** A recipe's stages, in the order in which they are made. */
export function stagesOf(config: RunConfig): readonly StageInfo[] {
  return salsa(config).recipe.stages.map(({ info }) => info);
}

const RLHF_METRICS = [
  "objective/kl",
  "objective/beta",
  "objective/entropy",
  "objective/score",
  "objective/scoreStd",
  "objective/gold",
  "rollout/length",
  "rollout/eosRate",
  "returns/mean",
  "value/mean",
  "value/explainedVariance",
  "loss/policy",
  "loss/value",
  "loss/total",
  "policy/approxKl",
  "policy/clipFraction",
  "policy/ratio",
  "policy/entropy",
  "policy/learningRate",
  "policy/gradNorm",
];

/** Every event of a run of a recipe, a second between steps: the same for the same settings. */
export function recording({
  config = configOf(),
  steps = 60,
  until,
  seed = 1,
  isLegacy = false,
  hasDistributions = false,
  hasMemory = false,
  ...rest
}: RecordingSettings = {}): RunEvent[] {
  const name = rest.name ?? config.name;
  const events: RunEvent[] = [];
  let time = BEGIN;
  const emit = (body: EventBody): void => {
    events.push({ ...body, time, sequence: events.length });
  };
  const infos = stagesOf(config);
  const stages = isLegacy ? infos.map(({ id }) => id) : [...infos];
  const work = infos.map((stage) => (metricsOf(stage).length > 0 ? steps : 1));
  const planned = hasMemory ? { memory: infos.map(memoryOf) } : {};
  const about = { run: `${name}-1`, name, device: "wasm, 2 threads", resumed: false };
  emit({ kind: "runStarted", ...about, stages, work, ...planned });
  for (const [nth, info] of infos.entries()) {
    if (until !== undefined && events.length > until) break;
    const { id: stage, kind, title } = info;
    const metrics = metricsOf(info);
    const total = metrics.length > 0 ? steps : 4;
    const cached = kind === "base";
    const key = `${kind}-0123456789abcdef`;
    emit({ kind: "stageStarted", stage, key, cached, ...(isLegacy && { name: title }) });
    for (let step = 1; step <= total && !cached; step++) {
      time += 1000;
      emit({ kind: "progress", stage, step, total, etaSeconds: total - step });
      if (metrics.length === 0) continue;
      const values = Object.fromEntries(
        metrics.map((metric) => [metric, valueAt({ metric, nth, step: step / total, noise: noise(seed, nth, step) })]),
      );
      const spread = hasDistributions && kind === "rlhf" ? percentiles(values) : {};
      const held = hasMemory ? { "device/memory": 100 + step } : {};
      emit({ kind: "metrics", stage, step, values: { ...values, ...spread, ...held } });
    }
    const choice = isLegacy ? undefined : choiceValues(info, config);
    if (choice !== undefined) emit({ kind: "metrics", stage, step: 1, values: choice });
    emit({ kind: "stageFinished", stage, seconds: cached ? 0 : total });
  }
  if (until === undefined) emit({ kind: "runFinished", status: "finished", seconds: (time - BEGIN) / 1000 });
  return events.slice(0, until);
}

/** Planned memory of trainings: all roles for RLHF, where an arm takes less than those before it. */
function memoryOf(info: StageInfo, at: number): MemoryByRole {
  if (metricsOf(info).length === 0) return {};
  const mebibytes = (count: number): number => count * 2 ** 20;
  const trained = { policy: mebibytes(20), optimizer: mebibytes(40), activations: mebibytes(60 - at) };
  if (info.kind !== "rlhf") return trained;
  const read = { reference: mebibytes(10), reward: mebibytes(10), critic: mebibytes(20), other: mebibytes(3) };
  return { ...trained, ...read };
}

function metricsOf({ kind }: StageInfo): readonly string[] {
  switch (kind) {
    case "sft":
      return ["sft/loss", "sft/gradNorm", "sft/learningRate"];
    case "reward":
      return ["reward/loss", "reward/accuracy", "reward/chosen", "reward/rejected"];
    case "rlhf":
      return RLHF_METRICS;
    default:
      return [];
  }
}

/** The largest β of an arm is always the best. */
function choiceValues({ kind, role, product, beta = 0 }: StageInfo, { arms }: RunConfig): Values | undefined {
  if (role === "validation") return { "validation/score": 1 + beta };
  if (kind !== "choice") return undefined;
  const chosen = Math.max(...(arms[product]?.betas ?? []));
  return { "choice/beta": chosen, "choice/score": 1 + chosen };
}

type Values = Readonly<Record<string, number>>;

/** Around the mean of a batch, skewed to the right. */
function percentiles(values: Values): Values {
  const means = { score: "objective/score", length: "rollout/length", kl: "objective/kl" } as const;
  return Object.fromEntries(
    Object.entries(means).flatMap(([of, mean]) =>
      PERCENTILES.map((percent) => {
        const away = (percent - 50) / 50;
        const value = (values[mean] ?? 0) + away + 0.6 * away ** 2;
        return [percentilePath(of as keyof typeof means, percent), value] as const;
      }),
    ),
  );
}

/** Rises or falls as such a metric does, at a level of its stage's own. */
function valueAt({ metric, nth, step, noise }: { metric: string; nth: number; step: number; noise: number }): number {
  const { unit } = describeMetric(metric);
  if (metric.endsWith("learningRate")) return 2e-4 * (1 - step * 0.9);
  if (metric.endsWith("loss")) return 2 * Math.exp(-3 * step) + 0.3 + noise * 0.1;
  if (unit === "share") return Math.min(1, Math.max(0, 0.9 - 0.5 * Math.exp(-4 * step) + noise * 0.04));
  if (unit === "tokens") return 8 - step + noise * 0.4;
  return (0.5 + (nth % 5) * 0.25) * Math.sqrt(step) + noise * 0.08;
}

/** Between −1 and 1, the same for the same arguments. */
function noise(...parts: readonly number[]): number {
  let hash = 2166136261;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    hash ^= hash >>> 13;
  }
  return (hash >>> 0) / 2 ** 31 - 1;
}
