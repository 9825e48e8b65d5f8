import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeviceWeights, RewardScorer } from "../../../engine/models/index.ts";
import { loadFrozenModel } from "../../../engine/pipeline/modelFolder.ts";
import { scoredPart } from "../../../engine/pipeline/rewarding.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";

interface Golden {
  readonly answers: readonly (readonly [question: string, answer: string])[];
  readonly models: Readonly<
    Record<
      string,
      { readonly ids: readonly number[][]; readonly scores: readonly number[]; readonly atLast: readonly number[] }
    >
  >;
}

const GOLDEN = JSON.parse(readFileSync(join(import.meta.dirname, "golden.json"), "utf8")) as Golden;
/** Scores of size 1, in float32 with another order of sums. */
const TOLERANCE = 1e-5;

describe("a published reward model with a chat template of its own", () => {
  for (const [name, { ids, scores, atLast }] of Object.entries(GOLDEN.models)) {
    it(`reads conversations by the ids, and at the token, that transformers does (${name})`, async () => {
      const reward = await loadFrozenModel(join(import.meta.dirname, name), {}, ["score"]);
      const conversations = GOLDEN.answers.map(([question, answer]) =>
        reward.format.encodeConversation(question, answer),
      );
      assert.deepEqual(conversations, ids);
      const { pad } = reward.config.specialTokens;
      const backend = await createWasmBackend({ threads: 1 });
      const device = DeviceWeights.upload(backend, reward.weights);
      const scorer = new RewardScorer(backend, reward.config, { batchSize: 2 });
      const read = ids.map((one) => scoredPart(one, pad));
      const found = await scorer.score(device, read);
      for (const [row, score] of scores.entries()) assert.ok(Math.abs((found[row] ?? NaN) - score) < TOLERANCE);
      scorer.release();
      device.release();
      await backend.close();
      // Where padding ends a turn, reading at the last token would give something else.
      const isElsewhere = scores.some((score, row) => Math.abs(score - (atLast[row] ?? 0)) > 0.01);
      assert.equal(isElsewhere, name === "ended");
    });
  }
});
