import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";

/** Events of a run with every kind of record, as an engine writes them. */
const BODIES: readonly EventBody[] = [
  { kind: "runQueued", run: "demo-1", name: "demo", device: "wasm, 2 threads", ahead: 1 },
  {
    kind: "runStarted",
    run: "demo-1",
    name: "demo",
    device: "wasm, 2 threads",
    resumed: false,
    stages: [
      { id: "base", kind: "base", title: "Base model", product: "base", role: "result", inputs: [] },
      {
        id: "ppo",
        kind: "rlhf",
        title: "RLHF",
        product: "ppo",
        role: "candidate",
        beta: 0.1,
        seed: 1,
        inputs: ["base"],
      },
      "seed-2/salsa (β 0.1) on validation",
    ],
    work: [1, 2.5, 0],
  },
  { kind: "stageStarted", stage: "base", key: "base-0123456789abcdef", cached: true, from: "demo-0" },
  { kind: "stageStarted", stage: "ppo", key: "rlhf-0123456789abcdef", cached: false },
  { kind: "progress", stage: "ppo", step: 1, total: 60, etaSeconds: 4.5 },
  { kind: "metrics", stage: "ppo", step: 1, values: { "objective/kl": 0.5, "loss/total": null } },
  { kind: "metrics", stage: "ppo", step: 2, values: { "objective/kl": 0.75, "loss/total": 1e-7 } },
  { kind: "alarm", stage: "ppo", step: 2, name: "negativeKl", message: "KL to the reference is -1 nats" },
  { kind: "progress", stage: "ppo", step: 2, total: 60 },
  { kind: "modelWait", model: "vscode:copilot/gpt-4o", reason: "window" },
  { kind: "modelWait", model: "vscode:copilot/gpt-4o", reason: null },
  { kind: "stageFinished", stage: "ppo", seconds: 3.25 },
  {
    kind: "table",
    table: {
      name: "winRates",
      title: "Win rates",
      columns: [{ header: "pair", align: "left" }],
      rows: [["a", 1, null]],
      note: "n = 4",
      files: ["tables/winRates.md"],
    },
  },
  { kind: "runFailed", error: "NumericalError", message: "loss is NaN", stage: "ppo" },
  { kind: "runFinished", status: "finished", seconds: 100 },
];

/** The same with their stamps. */
export const EVENTS: readonly RunEvent[] = BODIES.map((body, sequence) => {
  return { ...body, time: 1_700_000_000_000 + 1000 * sequence, sequence };
});

const rollout = { stage: "ppo", prompt: "reverse: a b.", response: "b a", ended: true, score: 0.5 };
const columns = {
  tokens: ["b", " a"],
  logprobs: [-0.1, null],
  kl: [0, 1],
  rewards: [0, 1],
  advantages: [1, 2],
  values: [0, 0],
};

/** Rollouts of a run. */
export const SAMPLES: readonly object[] = [
  { ...rollout, step: 1, ...columns },
  { ...rollout, step: 2, score: null, tokens: [], logprobs: [], kl: [], rewards: [], advantages: [], values: [] },
];

/** run.json with the parts of a config that readers rely on. */
export const RUN = {
  id: "demo-1",
  config: {
    name: "demo",
    seeds: [1],
    arms: { ppo: { init: "sft-1", reference: ["sft-1"], betas: [0.1, 0.2] } },
    soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.5 } },
    model: { checkpoint: "/models/base" },
    sft: { seeds: [1, 2] },
    evaluation: { judge: "gold", benchmarks: ["inDistribution"], pairs: [["ppo", "sft-1"]] },
    runtime: { backend: "wasm" },
  },
  configFile: "/project/demo.salsa.json",
  salsa: "0.1.0",
  node: "v24",
  platform: "linux",
  cpu: "x",
  memoryBytes: 1024,
  git: { commit: "c", branch: "main", dirty: true, diff: "" },
};

/** FastChat's record of a judged pair. */
export const JUDGMENT = {
  question_id: 81,
  model_1: "salsa",
  model_2: "ppo",
  g1_winner: "model_1",
  g2_winner: "tie",
  judge: ["gold", "pair-v2"],
  g1_user_prompt: "p1",
  g1_judgment: "[[A]]",
  g2_user_prompt: "p2",
  g2_judgment: "[[C]]",
  turn: 1,
  tstamp: 1700000001,
};

/** A row of the win-rate table. */
export const WIN_RATE = {
  ...{ benchmark: "inDistribution", a: "salsa", b: "ppo", seed: "all", wins: 3, losses: 1, ties: 0, dropped: 0, n: 4 },
  ...{ winRate: 0.75, adjusted: 0.75, low: 0.2, high: 0.98, p: 0.6, nSeeds: 1, holm: null, flipRate: 0 },
  ...{ method: "question", nQuestions: 4, positionBias: 0.5, equivalence: 0.9, moreQuestions: 12, moreSeeds: 2 },
  ...{ lengthControlled: 0.7, lengthLow: 0.2, lengthHigh: 0.9, styleControlled: 0.7, styleLow: 0.2, styleHigh: 0.9 },
};

/** Points that figures have measured. */
export const FIGURE_POINTS: readonly object[] = [
  {
    kind: "set",
    figure: "line",
    set: "0123456789abcdef",
    seed: 1,
    of: ["sft-1", "sft-2"],
    prompts: "validation",
    n: 8,
  },
  {
    kind: "point",
    figure: "line",
    set: "0123456789abcdef",
    weights: [0.5, 0.5],
    reward: 1,
    se: 0.1,
    tokens: 4,
    ended: 1,
  },
  {
    ...{
      kind: "set",
      figure: "plane",
      set: "0123456789abcdee",
      seed: 1,
      of: ["sft-1", "sft-2", "sft-3"],
      prompts: "b",
      n: 8,
    },
    plane: {
      ...{ columns: 2, rows: 2, left: 0, bottom: 0, step: 1 },
      corners: [
        { name: "sft-1", x: 0, y: 0 },
        { name: "sft-2", x: 1, y: 0 },
        { name: "sft-3", x: 0, y: 1 },
      ],
      projected: [{ name: "ppo", x: 0.5, y: 0.5, distance: 1, length: 2 }],
    },
  },
  {
    kind: "point",
    figure: "plane",
    set: "0123456789abcdee",
    weights: [0, 1, 0],
    reward: 1,
    se: 0,
    tokens: 4,
    ended: 0,
  },
  { kind: "set", figure: "warp", set: "0123456789abcdea", seed: 1, of: ["sft-1", "ppo"], prompts: "b", n: 8 },
  {
    kind: "point",
    figure: "warp",
    set: "0123456789abcdea",
    weights: [0, 1],
    reward: 1,
    se: 1,
    tokens: 4,
    ended: 1,
    kl: 2,
    klSe: 1,
  },
];
