import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createTfjsBackend } from "../../../../../engine/compute/backends/tfjs/index.ts";
import type { Bindings } from "../../../../../engine/compute/backend.ts";
import { gradients } from "../../../../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../../../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../../../../engine/compute/graph/tensor.ts";
import { accumulate, attention, logprob } from "../../../../../engine/compute/ops/index.ts";
import { prepare, runCase } from "../../../../contract/case.ts";
import { CASES } from "../../../../contract/cases/index.ts";
import { uniform } from "../../../../contract/data.ts";

const BYTES = 4;

describe("tfjs backend, memory", () => {
  it("holds no tensor after any op's program has run", async () => {
    const backend = await createTfjsBackend();
    const before = tf.memory().numTensors;
    for (const test of CASES) {
      const { forward, backward, inputs } = prepare(test);
      for (const program of backward === undefined ? [forward] : [forward, backward]) {
        await runCase(backend, test, program, inputs);
        assert.equal(tf.memory().numTensors, before, test.title);
      }
    }
    await backend.close();
  });

  it("holds no tensor after a run that failed half-way", async () => {
    const backend = await createTfjsBackend();
    const graph = new Graph();
    const program = plan({
      y: graph
        .input("x", [2])
        .exp()
        .mul(graph.constant(3, [2]))
        .neg(),
    });
    const broken: Program = {
      ...program,
      instructions: program.instructions.map((one, index) => (index === 2 ? { ...one, op: "nonsense" } : one)),
    };
    const before = tf.memory().numTensors;
    await assert.rejects(
      backend.compile(broken).run({ inputs: { x: Float32Array.of(1, 2) } }),
      /no kernel for op nonsense/,
    );
    assert.equal(tf.memory().numTensors, before);
    await backend.close();
  });

  it("gives everything back when closed", async () => {
    const before = tf.memory().numTensors;
    const backend = await createTfjsBackend();
    const buffer = backend.allocate({ shape: [8], dtype: "f32" });
    const graph = new Graph();
    const program = plan({}, [accumulate(graph.variable("total", [8]), graph.input("x", [8]))]);
    await backend.compile(program).run({ inputs: { x: new Float32Array(8) }, variables: { total: buffer } });
    await backend.close();
    assert.equal(tf.memory().numTensors, before);
    assert.equal(backend.memory.allocatedBytes, 0);
  });

  it("never holds the scores of all queries, [B, H, T, T]", async () => {
    const [B, T, H, D] = [1, 512, 4, 2];
    const graph = new Graph();
    const q = graph.input("q", [B, T, H, D]);
    const start = graph.input("start", [B], "i32");
    const offset = graph.input("offset", [1], "i32");
    const loss = attention({ q, k: q, v: q, start, offset }).sum();
    const program = plan({ dq: defined(gradients(loss, [q])[0]) });
    const inputs = { q: uniform(q.shape, 1).data, start: new Int32Array(B), offset: new Int32Array(1) };
    assert.ok((await peakOf(program, { inputs })) < B * H * T * T * BYTES);
  });

  it("never holds the logits of all rows, [M, V]", async () => {
    const [M, V, C] = [2048, 1024, 2];
    const graph = new Graph();
    const [h, w] = [graph.input("h", [M, C]), graph.input("w", [V, C])];
    const { logprob: chosen, entropy } = logprob(h, w, graph.input("targets", [M], "i32"));
    const [dh, dw] = gradients(chosen.add(entropy).sum(), [h, w]);
    const program = plan({ dh: defined(dh), dw: defined(dw) });
    const inputs = { h: uniform(h.shape, 1).data, w: uniform(w.shape, 2).data, targets: new Int32Array(M) };
    assert.ok((await peakOf(program, { inputs })) < M * V * BYTES);
  });
});

/** Most bytes that tensors took at one time while a program ran. */
async function peakOf(program: Program, bindings: Bindings): Promise<number> {
  const backend = await createTfjsBackend();
  const before = tf.memory().numBytes;
  let largest = 0;
  const { kernels } = await tf.profile(async () => {
    await backend.compile(program).run(bindings);
    return tf.scalar(0);
  });
  for (const { totalBytesSnapshot } of kernels) largest = Math.max(largest, totalBytesSnapshot - before);
  await backend.close();
  return largest;
}
