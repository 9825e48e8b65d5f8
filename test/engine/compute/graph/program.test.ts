import assert from "node:assert/strict";
import fc from "fast-check";
import { gradients } from "../../../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../../../engine/compute/graph/program.ts";
import { Graph, type Tensor, bytesOf, defined } from "../../../../engine/compute/graph/tensor.ts";
import { accumulate, adamw, cast, linear, rmsNorm } from "../../../../engine/compute/ops/index.ts";
import { buildGraph, choices } from "../../../contract/randomGraph.ts";

interface Span {
  readonly buffer: number;
  readonly from: number;
  readonly to: number;
  readonly born: number;
  readonly dies: number;
}

/** When and where every arena buffer lives, read off the instructions alone. */
function spans({ buffers, values, instructions, inputs, outputs }: Program): readonly Span[] {
  const bufferOf = (id: number): number => defined(values[id]).buffer;
  const touched = new Map<number, number[]>();
  const touch = (id: number, time: number): void => {
    touched.set(bufferOf(id), [...(touched.get(bufferOf(id)) ?? []), time]);
  };
  for (const id of Object.values(inputs)) touch(id, -1);
  for (const [time, instruction] of instructions.entries()) {
    for (const id of [...instruction.inputs, ...instruction.outputs]) touch(id, time);
  }
  for (const id of Object.values(outputs)) touch(id, instructions.length);
  return [...touched].flatMap(([buffer, times]) => {
    const place = defined(buffers[buffer]);
    if (place.kind !== "arena") return [];
    const { offset, bytes } = place;
    return { buffer, from: offset, to: offset + bytes, born: Math.min(...times), dies: Math.max(...times) };
  });
}

function assertSound(program: Program): void {
  const all = spans(program);
  for (const a of all) {
    assert.equal(a.from % 256, 0, "aligned");
    assert.ok(a.to <= program.arenaBytes, "inside the arena");
    for (const b of all) {
      const together = a.born <= b.dies && b.born <= a.dies;
      const overlap = a.from < b.to && b.from < a.to;
      assert.ok(a.buffer === b.buffer || !together || !overlap, `buffers ${a.buffer} and ${b.buffer} share bytes`);
    }
  }
  for (const [time, { frees }] of program.instructions.entries()) {
    const dead = all.filter(({ dies }) => dies === time).map(({ buffer }) => buffer);
    assert.deepEqual(new Set(frees), new Set(dead), `freed after instruction ${time}`);
  }
}

/** Bytes that the arena would have without reuse. */
const sumOfBuffers = (program: Program): number => spans(program).reduce((sum, { from, to }) => sum + (to - from), 0);

const opsOf = (program: Program): readonly string[] => program.instructions.map(({ op }) => op);

describe("plan", () => {
  it("never lets buffers overlap that are alive at the same time, and frees each after its last use", () => {
    fc.assert(
      fc.property(choices, fc.nat(1000), (list, pick) => {
        const { results } = buildGraph(list);
        assertSound(plan(Object.fromEntries(results.map((result, index) => [`out${index}`, result]))));
        assertSound(plan({ y: defined(results[pick % results.length]) }));
      }),
      { numRuns: 300 },
    );
  });

  it("is as sound for gradients", () => {
    fc.assert(
      fc.property(choices, (list) => {
        const { results, w, gain } = buildGraph(list.filter(({ kind }) => kind !== "accumulate"));
        const loss = [...results, w]
          .reduce((sum, term) => sum.add(term))
          .sum()
          .add(gain.sum());
        const [dw, dGain] = gradients(loss, [w, gain]);
        assertSound(plan({ dw: defined(dw), dGain: defined(dGain) }));
      }),
      { numRuns: 200 },
    );
  });

  it("places elements of any width, each buffer as wide as its type", () => {
    fc.assert(
      fc.property(choices, (list) => {
        const { results } = buildGraph(list);
        const halves = results.map((result) => cast(result, "bf16"));
        const back = halves.map((half) => cast(half, "f32").neg());
        const outputs = [...results, ...halves, ...back].filter((_, index) => index % 3 !== 1);
        const program = plan(Object.fromEntries(outputs.map((output, index) => [`out${index}`, output])));
        assertSound(program);
        for (const { shape, dtype, buffer } of program.values) {
          const { kind, bytes } = defined(program.buffers[buffer]);
          if (kind !== "constant") assert.equal(bytes, bytesOf({ shape, dtype }));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("takes half the room for bf16", () => {
    const graph = new Graph();
    const program = plan({ y: graph.input("x", [512], "bf16"), w: graph.variable("w", [6], "bf16") });
    assert.equal(program.arenaBytes, 1024);
    assert.deepEqual(
      program.buffers.map(({ bytes }) => bytes),
      [1024, 12],
    );
  });

  it("needs room for two tensors to run a chain of any length", () => {
    let y = new Graph().input("x", [64]);
    for (let step = 0; step < 20; step++) y = y.neg();
    const program = plan({ y });
    assert.equal(program.arenaBytes, 2 * 64 * 4);
    assert.equal(sumOfBuffers(program), 21 * 64 * 4);
  });

  it("reuses bytes in a training step", () => {
    const { program } = trainingStep({ layers: 6, rows: 32, width: 16 });
    assertSound(program);
    assert.ok(program.arenaBytes < 0.5 * sumOfBuffers(program), `${program.arenaBytes} of ${sumOfBuffers(program)}`);
  });

  it("leaves out what nobody asked for", () => {
    const x = new Graph().input("x", [2]);
    x.exp().sum();
    assert.deepEqual(opsOf(plan({ y: x.neg() })), ["unary"]);
  });

  it("makes views without work or bytes", () => {
    const x = new Graph().input("x", [2, 3]);
    const program = plan({ y: x.reshape([6]).reshape([3, 2]) });
    assert.deepEqual(program.instructions, []);
    assert.equal(program.buffers.length, 1);
    assert.deepEqual(program.values[defined(program.outputs["y"])]?.shape, [3, 2]);
  });

  it("keeps what a view shows until the view was read", () => {
    const x = new Graph().input("x", [64]);
    const base = x.exp();
    const view = base.reshape([8, 8]);
    const other = x.neg().neg().neg();
    assertSound(plan({ y: view.neg(), other }));
  });

  it("gives the same plan for the same graph", () => {
    const build = (): Program => trainingStep({ layers: 3, rows: 8, width: 4 }).program;
    assert.deepEqual(build(), build());
  });
});

describe("plan, in-place ops", () => {
  it("write into the storage of their input", () => {
    const graph = new Graph();
    const total = graph.variable("total", [2]);
    const program = plan({}, [accumulate(total, graph.input("x", [2]))]);
    const [instruction] = program.instructions;
    const [before, after] = [instruction?.inputs[0], instruction?.outputs[0]].map((id) => program.values[defined(id)]);
    assert.equal(before?.buffer, after?.buffer);
    assert.equal(program.buffers[defined(after).buffer]?.kind, "variable");
  });

  it("may follow every reader of the old value", () => {
    const graph = new Graph();
    const total = graph.variable("total", [2]);
    const y = total.neg();
    assert.doesNotThrow(() => plan({ y }, [accumulate(total, graph.input("x", [2]))]));
  });

  const hazard = /reads a value after it was overwritten in place/;

  it("must not come before a reader of the old value", () => {
    const graph = new Graph();
    const total = graph.variable("total", [2]);
    const updated = accumulate(total, graph.input("x", [2]));
    assert.throws(() => plan({ y: total.neg(), updated }), hazard);
  });

  it("must not come before a reader of a view of the old value", () => {
    const graph = new Graph();
    const total = graph.variable("total", [2, 2]);
    const view = total.reshape([4]);
    const updated = accumulate(total, graph.input("x", [2, 2]));
    assert.throws(() => plan({ y: view.neg(), updated }), hazard);
    assert.throws(() => plan({ y: total.reshape([4, 1]).neg(), updated }), hazard);
  });

  it("must not take the value away that the host wants to read", () => {
    const graph = new Graph();
    const total = graph.variable("total", [2]);
    assert.throws(() => plan({ total }, [accumulate(total, graph.input("x", [2]))]), /output reads a value after/);
  });

  it("must not overwrite what another in-place op already did", () => {
    const graph = new Graph();
    const total = graph.variable("total", [2]);
    const x = graph.input("x", [2]);
    const [first, second] = [accumulate(total, x), accumulate(total, x)];
    assert.throws(() => plan({}, [first, second]), hazard);
    assert.doesNotThrow(() => plan({}, [accumulate(accumulate(total, x), x)]));
  });

  it("must not overwrite a constant", () => {
    const graph = new Graph();
    const updated = accumulate(graph.constant(1, [2]), graph.input("x", [2]));
    assert.throws(() => plan({ updated }), /a constant cannot be overwritten/);
  });

  it("run in a training step without false alarms", () => {
    const { program, parameters } = trainingStep({ layers: 2, rows: 4, width: 4 });
    assert.equal(opsOf(program).filter((op) => op === "adamw").length, parameters);
  });
});

/** Residual layers of a norm and a dense layer, their gradients, and an AdamW step for every parameter. */
function trainingStep({
  layers,
  rows,
  width,
}: {
  readonly layers: number;
  readonly rows: number;
  readonly width: number;
}): {
  readonly program: Program;
  readonly parameters: number;
} {
  const graph = new Graph();
  const parameters: Tensor[] = [];
  const parameter = (name: string, shape: readonly number[]): Tensor => {
    const tensor = graph.variable(name, shape);
    parameters.push(tensor);
    return tensor;
  };
  let x = graph.input("x", [rows, width]);
  for (let layer = 0; layer < layers; layer++) {
    const normed = rmsNorm(x, parameter(`norm${layer}`, [width]));
    x = x.add(linear(normed, parameter(`dense${layer}`, [width, width])).sigmoid());
  }
  const loss = x.square().sum();
  const grads = gradients(loss, parameters);
  const hyper = graph.input("hyper", [8]);
  const updates = parameters.flatMap((p, index) => {
    const [m, v] = ["m", "v"].map((moment) => graph.variable(`${moment}${index}`, p.shape));
    return adamw({ p, m: defined(m), v: defined(v), g: defined(grads[index]), hyper });
  });
  return { program: plan({ loss }, updates), parameters: parameters.length };
}
