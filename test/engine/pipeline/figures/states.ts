import type { RunConfig } from "../../../../engine/config/index.ts";
import { winRateTable } from "../../../../engine/evaluation/table.ts";
import { rolesOf } from "../../../../engine/pipeline/figures/roles.ts";
import type { FigureFacts } from "../../../../engine/pipeline/figures/index.ts";
import { emptyRunState } from "../../../../engine/protocol/runState.ts";
import { comparisonsOf } from "../../evaluation/comparisons.ts";
import { resolved, tiny, type Written } from "../tinyRun.ts";

/** Wins, losses and ties of a pair. */
export interface Counts {
  readonly a: string;
  readonly b: string;
  readonly win: number;
  readonly loss: number;
  readonly tie: number;
  readonly benchmark?: string;
}

/** Arms and soups of the paper: PPO, SALSA with two and three, multi-KL, and the other SFT. */
export const PAPER_ARMS: Written = {
  sft: { seeds: [1, 2, 3] },
  soups: {
    soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.5 },
    soup25: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.25 },
    soup3: { method: "uniform", of: ["sft-1", "sft-2", "sft-3"] },
  },
  arms: {
    ppo: { reference: "sft-1" },
    salsa: { reference: "soup" },
    "salsa-3": { reference: "soup3" },
    mkl: { reference: ["sft-1", "sft-2"] },
    quarter: { reference: "soup25" },
    other: { reference: "sft-2" },
  },
};

/** A run's facts without its folder: a config, and what was judged. */
export function factsOf(written: Written, judged: readonly Counts[] = []): FigureFacts {
  const config: RunConfig = resolved(tiny(written), "/nowhere");
  const entries = judged.map(({ a, b, benchmark = "inDistribution", ...counts }) => {
    return { a, b, benchmark, comparisons: comparisonsOf({ ...counts, dropped: 0 }) };
  });
  return {
    ...{ id: "tiny-1", folder: "/nowhere/.salsa/runs/tiny-1", configFile: "/nowhere/tiny.salsa.json", config },
    origin: { salsa: "", node: "", platform: "", cpu: "", memoryBytes: 0, imported: false },
    state: emptyRunState("tiny-1"),
    ...{
      choices: [],
      palette: {},
      winRates: winRateTable(entries),
      samples: [],
      testAnswers: [],
      opinions: [],
      points: [],
    },
    roles: rolesOf(config),
    answers: () => Promise.resolve(undefined),
  };
}
