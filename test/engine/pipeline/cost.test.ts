import assert from "node:assert/strict";
import type { WeightType } from "../../../engine/compute/graph/dtype.ts";
import type { Graph } from "../../../engine/compute/graph/tensor.ts";
import { parseConfig } from "../../../engine/config/index.ts";
import { parameterCount } from "../../../engine/models/index.ts";
import { type PlannedCost, readingCost, trainingCost } from "../../../engine/pipeline/cost.ts";
import { answers } from "../../../engine/pipeline/stages/answers.ts";
import { type LossNodes, sftLoss } from "../../../engine/training/index.ts";
import { PICO, PICO_FAMILIES } from "../models/pico.ts";
import { tiny } from "./tinyRun.ts";

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

describe("the cost of answers", () => {
  it("counts both models as the run's checkpoints hold them, or as the config says", () => {
    const bytes = (stored?: WeightType, frozenWeights?: "bf16"): number => {
      const runtime = frozenWeights && { runtime: { frozenWeights } };
      const config = parseConfig(JSON.stringify(tiny({ ...runtime })), "tiny.salsa.json");
      const of = { benchmark: "inDistribution", isValidation: false, seed: 1 };
      const facts = { model: PICO, files: {}, counts: {}, recomputation: "cheap", ...(stored && { stored }) } as const;
      return answers.cost(answers.select(config, of), facts).memoryBytes;
    };
    // Two models on the device, and one on its way there.
    assert.equal(bytes() - bytes("bf16"), 3 * 2 * parameterCount(PICO));
    assert.equal(bytes("f32"), bytes());
    assert.equal(bytes("f32", "bf16"), bytes("bf16"));
  });
});

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
