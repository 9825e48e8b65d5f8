import assert from "node:assert/strict";
import type { RunResultLine } from "../../../../engine/protocol/service.ts";
import type { WinRateRow } from "../../../../engine/protocol/verdicts.ts";
import { armScores, borrowedValues } from "../../../../engine/pipeline/outcome/armScores.ts";
import { resultLine, scaleOf } from "../../../../engine/pipeline/outcome/resultLine.ts";
import { StageRecord } from "../../../../engine/storage/stageRecords.ts";
import { configOf } from "../../../webview/recording.ts";
import { stageState } from "../../protocol/stageStates.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const ARMS = { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: { grid: [0.05, 0.1, 0.4] } } };
const config = configOf({ arms: ARMS });
const PRODUCTS = ["salsa_beta0.05", "salsa_beta0.1", "salsa_beta0.4"] as const;

/** Win rates against PPO of all of them, the same on each benchmark; a base seed's own row is better still. */
const ROWS = PRODUCTS.flatMap((a, at): WinRateRow[] =>
  ["inDistribution", "outOfDistribution"].flatMap((benchmark) => {
    const counts = { wins: 5, losses: 3, ties: 2, dropped: 0, n: 10, nSeeds: 1 };
    const row = { ...counts, benchmark, a, b: "ppo", winRate: 0.5, low: 0.4, high: 0.9, p: 0.01 };
    return [
      { ...row, seed: "all", adjusted: 0.5 + at / 10 },
      { ...row, seed: 1, adjusted: 0.99 },
    ];
  }),
);

const stageOf = (product: string, kind = "rlhf") => ({ ...{ id: product, kind, product }, role: "result" }) as const;

/** The line by the last values of each product's stage. */
function lineOf(kind: string, values: readonly Readonly<Record<string, number | null>>[]): RunResultLine | undefined {
  const stages = [stageOf("ppo"), ...PRODUCTS.map((product) => stageOf(product, kind))];
  const lastValues = (stage: string) => values[PRODUCTS.findIndex((product) => product === stage)];
  return resultLine(ROWS, config, (arms) => armScores(arms, stages, lastValues));
}

describe("the result of a sweep in one line", () => {
  it("is that of the arm which does best on the validation split, not of the first, with how many there were", () => {
    const line = lineOf("choice", [{ "choice/score": 1 }, { "choice/score": 3 }, { "choice/score": 2 }]);
    assert.deepEqual([line?.a, line?.b, line?.adjusted], ["salsa_beta0.1", "ppo", 0.6]);
    assert.deepEqual([line?.low, line?.high], [0.4, 0.9]);
    assert.deepEqual(line?.among, { n: 3, by: "validation" });
    assert.deepEqual(
      line.more?.map(({ benchmark, adjusted }) => [benchmark, adjusted]),
      [["outOfDistribution", 0.6]],
    );
  });

  it("goes by the last gold score of training, else the reward model's, where no arm was validated", () => {
    const gold = lineOf("rlhf", [
      { "objective/gold": 9, "objective/score": 1 },
      { "objective/gold": 1, "objective/score": 5 },
      { "objective/gold": 2, "objective/score": 3 },
    ]);
    assert.deepEqual([gold?.a, gold?.among?.by], ["salsa_beta0.05", "training"]);
    const score = lineOf("rlhf", [{ "objective/score": 1 }, { "objective/score": 5 }, { "objective/score": 3 }]);
    assert.deepEqual([score?.a, score?.among?.by], ["salsa_beta0.1", "training"]);
  });

  it("goes by no score of several reward models, each of which has taught some of the arms", () => {
    const swept = configOf({ reward: { epochs: { grid: [1, 2] } } });
    const known = ["choice/score", "objective/gold", "objective/score"];
    assert.deepEqual(known.filter(scaleOf(swept)), ["choice/score", "objective/gold"]);
    const evaluation = { ...swept.evaluation, judge: "reward" as const };
    assert.deepEqual(known.filter(scaleOf({ ...swept, evaluation })), ["objective/gold"]);
    assert.deepEqual(known.filter(scaleOf(config)), known);
    const stages = PRODUCTS.map((product) => stageOf(product));
    const values = (stage: string) => ({ "objective/score": stage.length });
    assert.equal(armScores(new Set(PRODUCTS), stages, values, scaleOf({ ...swept, evaluation })), undefined);
  });

  it("goes by the win rates themselves, and says so, where a score is missing", () => {
    for (const missing of [{}, { "objective/score": null }]) {
      const line = lineOf("rlhf", [{ "objective/score": 1 }, { "objective/score": 5 }, missing]);
      assert.deepEqual([line?.a, line?.among], ["salsa_beta0.4", { n: 3, by: "winRate" }]);
    }
  });

  it("knows the scores of arms that an earlier run has trained, from the records of that", () =>
    inTemporaryFolder(async (root) => {
      const keyOf = (at: number): string => `rlhf-${String(at).repeat(16)}`;
      for (const at of PRODUCTS.keys()) {
        const record = await StageRecord.open({ root, key: keyOf(at), run: "sweep-1" });
        const values = (score: number) => ({ "objective/gold": score });
        for (const [step, score] of [5, 3 - at].entries())
          record.event({ kind: "metrics", stage: "any", step: step + 1, values: values(score) });
        record.close();
      }
      const states = PRODUCTS.map((product, at) => {
        return stageState(product, { ...stageOf(product), key: keyOf(at), status: "cached" });
      });
      const borrowed = await borrowedValues(root, [stageState("sft-1", { status: "cached" }), ...states]);
      assert.deepEqual([...borrowed.keys()], [...PRODUCTS]);
      const line = resultLine(ROWS, config, (arms) => armScores(arms, states, (stage) => borrowed.get(stage)));
      assert.deepEqual([line?.a, line?.among], ["salsa_beta0.05", { n: 3, by: "training" }]);
    }));

  it("is that of the first pair, as ever, of a run without a grid", () => {
    const plain = configOf({ arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup" } } });
    const [row] = ROWS.map((one) => ({ ...one, a: "salsa" }));
    assert.ok(row);
    assert.deepEqual(resultLine([row, ...ROWS], plain)?.among, undefined);
    assert.equal(resultLine([row, ...ROWS], plain)?.a, "salsa");
  });
});
