import assert from "node:assert/strict";
import { gradients } from "../../../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../../../engine/compute/graph/program.ts";
import type { Recomputation } from "../../../../engine/compute/graph/recompute.ts";
import { Graph } from "../../../../engine/compute/graph/tensor.ts";
import { parameters } from "../../../../engine/models/index.ts";
import { sftLoss } from "../../../../engine/training/index.ts";
import { PICO } from "../../models/pico.ts";

const DEEP = { ...PICO, nLayers: 12, hiddenSize: 32, intermediateSize: 96 };

/** By default of a batch whose cheap results are too large to be kept: 250 MB. */
function trainingProgram(recomputation: Recomputation, batch = { batchSize: 64, length: 512 }): Program {
  const graph = new Graph();
  const { loss } = sftLoss(graph, DEEP, batch);
  const variables = [...parameters(DEEP)].map(([name, shape]) => graph.variable(name, shape));
  return plan({ loss, ...Object.fromEntries(gradients(loss, variables, recomputation).entries()) });
}

const countOf = ({ instructions }: Program, wanted: string): number =>
  instructions.filter(({ op }) => op === wanted).length;

describe("recomputation", () => {
  it("of cheap ops takes a third off the arena and adds no matrix product", () => {
    const [kept, cheap] = [trainingProgram("none"), trainingProgram("cheap")];
    assert.equal(countOf(cheap, "matmul"), countOf(kept, "matmul"));
    assert.equal(countOf(cheap, "gatedActivation"), 2 * DEEP.nLayers);
    // Per layer two norms and a gated product of eleven parts of like size: 33 % with this shape.
    assert.ok(cheap.arenaBytes < 0.72 * kept.arenaBytes, `${cheap.arenaBytes} of ${kept.arenaBytes} bytes`);
  });

  it("of cheap ops is left out where it would save little memory", () => {
    const small = { batchSize: 4, length: 32 };
    assert.deepEqual(trainingProgram("cheap", small), trainingProgram("none", small));
    assert.equal(countOf(trainingProgram("blocks", small), "gatedActivation"), 2 * DEEP.nLayers);
  });

  it("of blocks runs each forward block twice but the last, and keeps one tensor a block", () => {
    const [kept, blocks] = [trainingProgram("none"), trainingProgram("blocks")];
    const attentions = countOf(blocks, "attention");
    assert.equal(attentions, 2 * DEEP.nLayers - 1);
    assert.ok(blocks.arenaBytes < 0.35 * kept.arenaBytes, `${blocks.arenaBytes} of ${kept.arenaBytes} bytes`);
  });

  it("changes nothing where a model has a single block", () => {
    const graph = new Graph();
    const one = { ...DEEP, nLayers: 1 };
    const { loss } = sftLoss(graph, one, { batchSize: 1, length: 4 });
    const variables = [...parameters(one)].map(([name, shape]) => graph.variable(name, shape));
    const program = plan({ loss, ...Object.fromEntries(gradients(loss, variables, "blocks").entries()) });
    assert.equal(countOf(program, "attention"), 1);
  });
});
