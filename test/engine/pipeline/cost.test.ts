import assert from "node:assert/strict";
import type { WeightType } from "../../../engine/compute/graph/dtype.ts";
import type { Graph } from "../../../engine/compute/graph/tensor.ts";
import { parameterCount } from "../../../engine/models/index.ts";
import { type PlannedCost, readingCost, trainingCost } from "../../../engine/pipeline/cost.ts";
import { type LossNodes, sftLoss } from "../../../engine/training/index.ts";
import { PICO, PICO_FAMILIES } from "../models/pico.ts";

const SHAPE = { batchSize: 16, length: 32 };
const ROLLOUTS = { batchSize: 16, queryLength: 16, responseLength: 16 };
/** Memory is counted in pieces of 256 bytes, and lists of a pico model's few numbers are not halved. */
const SLACK = 1.3;

function training(model: typeof PICO, precision?: WeightType): PlannedCost {
  const loss = (graph: Graph): LossNodes => sftLoss(graph, model, SHAPE);
  return trainingCost({
    ...{ model, heads: ["language"], shape: SHAPE, loss, gradientAccumulation: 1, tokens: 1 },
    ...{ recomputation: "cheap", ...(precision && { precision }) },
  });
}

describe("costs in bf16", () => {
  for (const model of PICO_FAMILIES) {
    it(`of training and reading ${model.architecture} are planned by the types of their programs`, () => {
      const [wide, narrow] = [training(model, "f32"), training(model, "bf16")];
      assert.deepEqual(training(model), wide);
      assert.ok(narrow.arenaBytes < (SLACK * wide.arenaBytes) / 2 + 4 * parameterCount(model), `${narrow.arenaBytes}`);
      const read = (precision: WeightType): PlannedCost =>
        readingCost(model, { models: 2, tokens: 1, generated: ROLLOUTS, scored: ROLLOUTS, precision });
      assert.ok(read("bf16").memoryBytes < read("f32").memoryBytes);
    });
  }

  it("count a bf16 copy of every trained matrix beside weights and moments", () => {
    const [wide, narrow] = [training(PICO, "f32"), training(PICO, "bf16")];
    const held = ({ memoryBytes, arenaBytes }: PlannedCost): number => memoryBytes - arenaBytes;
    const vectors = 5 * PICO.hiddenSize;
    assert.equal(held(narrow) - held(wide), 2 * (parameterCount(PICO) - vectors));
  });
});
