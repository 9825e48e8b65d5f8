import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { WORKSPACE_BYTES } from "../../engine/compute/backends/cuda/cublas/library.ts";
import type { Graph } from "../../engine/compute/graph/tensor.ts";
import { trainingCost } from "../../engine/pipeline/cost.ts";
import { rlhf } from "../../engine/pipeline/stages/rlhf.ts";
import { type LossNodes, sftLoss } from "../../engine/training/index.ts";
import { defined } from "../../engine/compute/graph/tensor.ts";
import { resolved, tiny } from "../engine/pipeline/tinyRun.ts";
import { TABLE_FILE, cardTable } from "./cardTable.ts";
import { CountingBackend } from "./countingBackend.ts";
import { type ModelShape, SIZES, configOf } from "./shapes.ts";
import { ppo, train } from "./work.ts";

const ONCE = { seconds: 0, repeats: 0 };
/** Small enough to be laid out in no time, large enough that rounding up to 256 bytes counts for little. */
const SHAPE: ModelShape = {
  ...defined(SIZES.real.models[0]),
  batch: 4,
  length: 64,
  config: {
    ...defined(SIZES.real.models[0]).config,
    ...{ vocab_size: 4096, num_attention_heads: 3, num_key_value_heads: 1 },
    hidden_size: 192,
    intermediate_size: 512,
    num_hidden_layers: 4,
  },
};

describe("what the planner says of cards", () => {
  it("is what the table in the docs says", async () => {
    assert.equal(await readFile(TABLE_FILE, "utf8"), await cardTable(), "write it again: node test/gpu/cardTable.ts");
  }).timeout(300_000);

  for (const recomputation of ["cheap", "blocks"] as const) {
    for (const lora of [undefined, 4]) {
      const [what, how] = [
        lora === undefined ? "a model" : "adapters",
        recomputation === "blocks" ? ", checkpointed" : "",
      ];
      it(`is within a tenth of what the backend gives out for a training step of ${what}${how}`, async () => {
        const backend = new CountingBackend("bf16", WORKSPACE_BYTES);
        const shape: ModelShape = { ...SHAPE, ...(lora !== undefined && { lora }) };
        await train(backend, shape, { ...ONCE, recomputation });
        const { batch: batchSize, length } = shape;
        const model = configOf(shape);
        const { cardBytes } = trainingCost({
          ...{ model, heads: ["language"], shape: { batchSize, length }, tokens: 1, gradientAccumulation: 1 },
          ...{ precision: "bf16", frozenWeights: "bf16", recomputation },
          loss: (graph: Graph): LossNodes => sftLoss(graph, model, { batchSize, length }),
        });
        const ratio = cardBytes / backend.memory.peakBytes;
        assert.ok(Math.abs(ratio - 1) < 0.1, `${cardBytes} for ${backend.memory.peakBytes}`);
      });
    }
  }

  it("is within a tenth of what the backend gives out for PPO", async () => {
    const backend = new CountingBackend("bf16", WORKSPACE_BYTES);
    const sizes = { rollouts: 16, minibatch: 4, query: 24, response: 40 };
    await ppo(backend, SHAPE, { ...ONCE, ...sizes });
    const rlhfSettings = { batchSize: 16, minibatchSize: 4, maxNewTokens: 40, iterations: 1 };
    const config = resolved(tiny({ rlhf: rlhfSettings }), "/nowhere");
    const slice = rlhf.select({ ...config }, { arm: "ppo", beta: 0.05, seed: 1 });
    // A prompt of 24 tokens, at three bytes a token.
    const data = { path: "prompts.jsonl", fingerprint: "", rows: 100, longestRow: 72 };
    const { cardBytes } = rlhf.cost(
      { ...slice, task: undefined, frozenWeights: "bf16" },
      { model: configOf(SHAPE), precision: "bf16", recomputation: "cheap", files: { data }, counts: { reference: 1 } },
    );
    const ratio = cardBytes / backend.memory.peakBytes;
    assert.ok(Math.abs(ratio - 1) < 0.1, `${cardBytes} for ${backend.memory.peakBytes}`);
  });
});
