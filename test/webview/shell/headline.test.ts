import assert from "node:assert/strict";
import type { StageState } from "../../../engine/protocol/runState.ts";
import type { SeriesKey } from "../../../engine/protocol/service.ts";
import type { Curve } from "../../../webview/model.ts";
import { headline, klOf } from "../../../webview/shell/headline.ts";

const result = { benchmark: "in", a: "salsa", b: "ppo", adjusted: 0.568, low: 0.552, high: 0.585, n: 4096 };

describe("what a run came to", () => {
  it("is who is better, by how much and how surely, on each benchmark", () => {
    const more = [{ benchmark: "out", adjusted: 0.621, low: 0.6, high: 0.64, n: 4096 }];
    assert.equal(headline({ ...result, more }), "salsa beats ppo: 56.8 % (55.2–58.5) on in · out: 62.1 % (60.0–64.0)");
  });

  it("ends with the KL of the better model, where that is known", () => {
    assert.match(headline(result, 1.0871), / on in · KL of salsa: 1\.09$/);
    assert.match(headline(result), / on in$/);
  });

  it("says of a sweep among how many arms the best was chosen, and by what", () => {
    const among = { n: 6, by: "validation" } as const;
    assert.match(headline({ ...result, among }), /^salsa beats ppo \(best of 6 by validation score\): 56.8 % \(55.2/);
    assert.match(headline({ ...result, among: { n: 2, by: "winRate" } }), /by these win rates, which flatter it\): /);
  });

  it("names nobody where the interval does not", () => {
    assert.match(headline({ ...result, low: 0.49 }), /^salsa and ppo cannot be told apart: /);
    // The table has no star there, either.
    assert.match(headline({ ...result, p: 0.067 }), /^salsa and ppo cannot be told apart: 56.8 %/);
    assert.match(headline({ ...result, p: 0.01 }), /^salsa beats ppo: /);
    assert.match(headline({ ...result, adjusted: 0.4, low: 0.38, high: 0.42 }), /^salsa loses to ppo: /);
  });
});

describe("the KL at which an arm has ended", () => {
  const stage = (id: string, more: Partial<StageState> = {}): StageState =>
    ({ id, kind: "rlhf", product: "salsa", role: "result", status: "finished", key: "", ...more }) as StageState;
  const curves = (values: Readonly<Record<string, readonly number[]>>) => {
    return ({ stage: id, metric }: SeriesKey): Curve | undefined => {
      const own = values[`${id} ${metric}`];
      const steps = Float64Array.from(own ?? [], (_, at) => at);
      return own && { steps, times: steps, values: Float64Array.from(own) };
    };
  };
  const kl = [...Array.from({ length: 18 }, () => 9), 1, 2];

  it("is the mean over its last tenth, and over its base seeds", () => {
    const one = curves({ "1/salsa objective/kl": kl, "2/salsa objective/kl": [2.5] });
    assert.equal(klOf("salsa", { stages: [stage("1/salsa", { seed: 1 })] }, one), 1.5);
    const both = { stages: [stage("1/salsa", { seed: 1 }), stage("2/salsa", { seed: 2 })] };
    assert.equal(klOf("salsa", both, one), 2);
    assert.equal(klOf("salsa", both, curves({ "1/salsa objective/kl": kl })), undefined, "one seed is not there yet");
  });

  it("is that of the chosen β", () => {
    const candidates = [0.05, 0.4].map((beta) => stage(`salsa-${beta}`, { role: "candidate", beta }));
    const stages = [...candidates, stage("salsa", { kind: "choice" })];
    const values = { "salsa-0.05 objective/kl": [7], "salsa-0.4 objective/kl": [3] };
    assert.equal(klOf("salsa", { stages }, curves({ ...values, "salsa choice/beta": [0.4] })), 3);
    assert.equal(klOf("salsa", { stages }, curves(values)), undefined);
  });

  it("is none of a model that is no arm", () => {
    assert.equal(klOf("sft-1", { stages: [stage("salsa")] }, curves({ "salsa objective/kl": [1] })), undefined);
  });
});
