import assert from "node:assert/strict";
import { BindingError, OutOfMemoryError } from "../../engine/compute/backend.ts";
import { BACKENDS } from "../../engine/compute/backends/index.ts";
import { toBf16 } from "../../engine/compute/graph/dtype.ts";
import { plan } from "../../engine/compute/graph/program.ts";
import { Graph, type Tensor } from "../../engine/compute/graph/tensor.ts";
import { accumulate, advance } from "../../engine/compute/ops/index.ts";
import { CANDIDATES } from "./backends.ts";
import { open } from "./open.ts";

for (const candidate of CANDIDATES) {
  describe(`backend ${candidate.title}`, () => {
    const backend = open(candidate);

    it("is one of the backends that the engine declares", () => {
      assert.ok(BACKENDS.some(({ name }) => name === backend().name));
    });

    it("keeps what is written to a buffer, and nothing of the host's array", async () => {
      const host = Float32Array.of(1, 2, 3);
      const buffer = backend().allocate({ shape: [3], dtype: "f32" }, host);
      host[0] = 9;
      const first = await backend().read(buffer);
      assert.deepEqual([...first], [1, 2, 3]);
      first[1] = 9;
      assert.deepEqual([...(await backend().read(buffer))], [1, 2, 3]);
      backend().write(buffer, Float32Array.of(4, 5, 6));
      assert.deepEqual([...(await backend().read(buffer))], [4, 5, 6]);
      backend().release(buffer);
    });

    it("fills a buffer without data with zeros", async () => {
      const used = backend().allocate({ shape: [40], dtype: "f32" }, new Float32Array(40).fill(7));
      backend().release(used);
      const buffer = backend().allocate({ shape: [40], dtype: "f32" });
      assert.deepEqual([...(await backend().read(buffer))], new Array(40).fill(0));
      backend().release(buffer);
    });

    it("holds integers exactly", async () => {
      const buffer = backend().allocate({ shape: [2], dtype: "i32" }, Int32Array.of(-1, 2 ** 31 - 1));
      const data = await backend().read(buffer);
      assert.ok(data instanceof Int32Array);
      assert.deepEqual([...data], [-1, 2 ** 31 - 1]);
      backend().release(buffer);
    });

    it("holds bf16 by its bits", async () => {
      const bits = toBf16(Float32Array.of(1, -2.5, 1e-40, Infinity, 0));
      const buffer = backend().allocate({ shape: [5], dtype: "bf16" }, bits);
      assert.deepEqual(await backend().read(buffer), bits);
      backend().write(buffer, toBf16(new Float32Array(5).fill(3)));
      assert.deepEqual(await backend().read(buffer), new Uint16Array(5).fill(0x4040));
      const empty = backend().allocate({ shape: [3], dtype: "bf16" });
      assert.deepEqual(await backend().read(empty), new Uint16Array(3));
      backend().release(buffer);
      backend().release(empty);
    });

    it("copies buffers as they are when copies are taken, on a card; elsewhere there is nothing to copy beside", async () => {
      const copies = backend().copies?.();
      assert.equal(copies !== undefined, backend().name === "cuda");
      if (copies === undefined) return;
      // Large enough to be on its way for a while.
      const size = 100_000;
      const graph = new Graph();
      const w = graph.variable("w", [size]);
      const executable = backend().compile(plan({}, [accumulate(w, graph.input("x", [size]))]));
      const buffer = backend().allocate(w, new Float32Array(size).fill(1));
      let held = Int32Array.of(-1, 2 ** 31 - 1);
      const ids = backend().allocate({ shape: [2], dtype: "i32" }, held);
      const bits = backend().allocate({ shape: [3], dtype: "bf16" }, toBf16(Float32Array.of(1, -2.5, Infinity)));
      const inputs = { x: new Float32Array(size).fill(1) };
      for (const round of [1, 2, 3]) {
        copies.take([buffer, ids, bits]);
        await executable.run({ inputs, variables: { w: buffer } });
        backend().write(ids, Int32Array.of(round, round));
        assert.deepEqual(await copies.read(buffer), new Float32Array(size).fill(round));
        assert.deepEqual(await copies.read(ids), held);
        held = Int32Array.of(round, round);
        assert.deepEqual(await copies.read(bits), toBf16(Float32Array.of(1, -2.5, Infinity)));
      }
      copies.release();
      executable.release();
      for (const one of [buffer, ids, bits]) backend().release(one);
    });

    it("counts the bytes that it holds", () => {
      const before = backend().memory.allocatedBytes;
      const buffer = backend().allocate({ shape: [100, 10], dtype: "f32" });
      assert.ok(backend().memory.allocatedBytes >= before + 4000);
      backend().release(buffer);
      assert.equal(backend().memory.allocatedBytes, before);
    });

    it("remembers the most bytes that it held", async () => {
      const { peakBytes } = backend().memory;
      const buffer = backend().allocate({ shape: [200_000], dtype: "f32" });
      const graph = new Graph();
      const executable = backend().compile(plan({ y: graph.input("x", [100_000]).exp() }));
      await executable.run({ inputs: { x: new Float32Array(100_000) } });
      executable.release();
      backend().release(buffer);
      const { allocatedBytes, peakBytes: later } = backend().memory;
      assert.ok(later >= Math.max(peakBytes, allocatedBytes + 4 * (200_000 + 2 * 100_000)), `${later}`);
    });

    it("says how much was asked for and what to do when there is no such memory", () => {
      const before = backend().memory.allocatedBytes;
      assert.throws(
        () => backend().allocate({ shape: [2 ** 46], dtype: "f32" }),
        (error: Error) => {
          assert.ok(error instanceof OutOfMemoryError, String(error));
          assert.match(error.message, new RegExp(`^${backend().name}: no room for 268435456\\.0 MiB: .*smaller batch`));
          assert.equal(error.shortage.bytes, 2 ** 48);
          return true;
        },
      );
      assert.equal(backend().memory.allocatedBytes, before);
    });

    it("refuses host data of another size", () => {
      assert.throws(() => backend().allocate({ shape: [3], dtype: "f32" }, Float32Array.of(1, 2)), BindingError);
      const buffer = backend().allocate({ shape: [3], dtype: "f32" });
      assert.throws(() => {
        backend().write(buffer, Float32Array.of(1, 2, 3, 4));
      }, BindingError);
      backend().release(buffer);
    });

    it("refuses host data of another element type", () => {
      const spec = { shape: [2], dtype: "bf16" } as const;
      assert.throws(() => backend().allocate(spec, Float32Array.of(1, 2)), {
        name: "BindingError",
        message: "allocate: bf16 [2] takes 2 elements, got 2 of f32",
      });
      assert.throws(() => backend().allocate({ shape: [2], dtype: "f32" }, Uint16Array.of(1, 2)), BindingError);
    });

    it("updates variables in place, run after run", async () => {
      const graph = new Graph();
      const total = accumulate(graph.variable("total", [2]), graph.input("x", [2]));
      const executable = backend().compile(plan({}, [total]));
      const buffer = backend().allocate({ shape: [2], dtype: "f32" }, Float32Array.of(1, 2));
      for (const x of [Float32Array.of(10, 20), Float32Array.of(100, 200)]) {
        assert.deepEqual(await executable.run({ inputs: { x }, variables: { total: buffer } }), {});
      }
      assert.deepEqual([...(await backend().read(buffer))], [111, 222]);
      executable.release();
      backend().release(buffer);
    });

    it("runs one program with different weights", async () => {
      const graph = new Graph();
      const executable = backend().compile(plan({ y: graph.variable("w", [2]).mul(graph.input("x", [2])) }));
      const inputs = { x: Float32Array.of(1, 2) };
      const weights = [3, 5].map((value) =>
        backend().allocate({ shape: [2], dtype: "f32" }, new Float32Array(2).fill(value)),
      );
      const results = [];
      for (const w of weights) results.push(await executable.run({ inputs, variables: { w } }));
      assert.deepEqual(results, [{ y: Float32Array.of(3, 6) }, { y: Float32Array.of(5, 10) }]);
      executable.release();
      for (const w of weights) backend().release(w);
    });

    it("gives back sources and views of them as outputs", async () => {
      const graph = new Graph();
      const x = graph.input("x", [2, 2]);
      const w = graph.variable("w", [2]);
      const outputs = {
        x,
        view: x.reshape([4]),
        w,
        constant: graph.constant(2.5, [3]),
        ids: graph.input("ids", [2], "i32"),
        half: graph.input("half", [3], "bf16"),
        halves: graph.constant(1 + 2 ** -8, [2], "bf16"),
      };
      const executable = backend().compile(plan(outputs));
      const buffer = backend().allocate({ shape: [2], dtype: "f32" }, Float32Array.of(7, 8));
      const half = Uint16Array.of(0x3f80, 0xbf80, 0x0001);
      const inputs = { x: Float32Array.of(1, 2, 3, 4), ids: Int32Array.of(5, -6), half };
      const results = await executable.run({ inputs, variables: { w: buffer } });
      assert.deepEqual(results, {
        x: Float32Array.of(1, 2, 3, 4),
        view: Float32Array.of(1, 2, 3, 4),
        w: Float32Array.of(7, 8),
        constant: Float32Array.of(2.5, 2.5, 2.5),
        ids: Int32Array.of(5, -6),
        half,
        halves: Uint16Array.of(0x3f80, 0x3f80), // a tie, to even
      });
      executable.release();
      backend().release(buffer);
    });

    it("leaves outputs on the device, for other programs to read as inputs and variables", async () => {
      const graph = new Graph();
      const x = graph.input("x", [2, 2]);
      const first = backend().compile(plan({ doubled: x.add(x), sum: x.sum(), ids: graph.input("ids", [2], "i32") }));
      const inputs = { x: Float32Array.of(1, 2, 3, 4), ids: Int32Array.of(7, -8) };
      const { outputs, kept } = await first.runKeeping({ inputs }, ["doubled", "ids"]);
      assert.deepEqual(outputs, { sum: Float32Array.of(10) });
      assert.deepEqual(await backend().read(kept.ids), Int32Array.of(7, -8));
      // Data that another run leaves in the same places changes nothing.
      await first.run({ inputs: { x: new Float32Array(4), ids: new Int32Array(2) } });

      const next = new Graph();
      const second = backend().compile(
        plan({ y: next.input("a", [4]).mul(next.variable("b", [4])), ids: next.input("ids", [2], "i32") }),
      );
      const bindings = { inputs: { a: kept.doubled, ids: kept.ids }, variables: { b: kept.doubled } };
      const expected = { y: Float32Array.of(4, 16, 36, 64), ids: Int32Array.of(7, -8) };
      assert.deepEqual(await second.run(bindings), expected);
      assert.deepEqual(await second.run(bindings), expected, "the run left its inputs as they were");
      for (const buffer of Object.values(kept)) backend().release(buffer);
      for (const executable of [first, second]) executable.release();
    });

    it("keeps copies of variables, views and constants, which later runs do not change", async () => {
      const graph = new Graph();
      const total = graph.variable("total", [2]);
      const after = accumulate(total, graph.input("x", [2]));
      const program = plan({ after, view: after.reshape([2, 1]), constant: graph.constant(2.5, [3]) });
      const executable = backend().compile(program);
      const buffer = backend().allocate({ shape: [2], dtype: "f32" }, Float32Array.of(1, 2));
      const bindings = { inputs: { x: Float32Array.of(10, 20) }, variables: { total: buffer } };
      const { kept, outputs } = await executable.runKeeping(bindings, ["after", "view", "constant"]);
      assert.deepEqual(outputs, {});
      await executable.run(bindings);
      assert.deepEqual(await backend().read(buffer), Float32Array.of(21, 42));
      assert.deepEqual(await backend().read(kept.after), Float32Array.of(11, 22));
      assert.deepEqual(kept.view.shape, [2, 1]);
      assert.deepEqual(await backend().read(kept.view), Float32Array.of(11, 22));
      assert.deepEqual(await backend().read(kept.constant), Float32Array.of(2.5, 2.5, 2.5));
      for (const one of [buffer, ...Object.values(kept)]) backend().release(one);
      executable.release();
    });

    it("runs many times in a row, each time with the inputs as they were given, and gives what the last one gave", async () => {
      const graph = new Graph();
      const total = graph.variable("total", [2]);
      // The second negation lies where the input was.
      const after = accumulate(total, graph.input("x", [2]).neg().neg());
      const executable = backend().compile(plan({ after, double: after.add(after) }));
      const buffer = backend().allocate({ shape: [2], dtype: "f32" }, Float32Array.of(1, 2));
      const bindings = { times: 3, inputs: { x: Float32Array.of(10, 20) }, variables: { total: buffer } };
      const outputs = await executable.run(bindings);
      assert.deepEqual(outputs, { after: Float32Array.of(31, 62), double: Float32Array.of(62, 124) });
      const { kept } = await executable.runKeeping({ ...bindings, times: 2 }, ["after"]);
      assert.deepEqual(await backend().read(kept.after), Float32Array.of(51, 102));
      for (const one of [buffer, kept.after]) backend().release(one);
      executable.release();
    });

    it("notes what was drawn, step by step, and does not go beyond its block", async () => {
      const graph = new Graph();
      const i32 = (name: string, ...shape: number[]): Tensor => graph.variable(name, shape, "i32");
      const state = {
        ...{ tokens: i32("tokens", 3, 2), logprobs: graph.variable("logprobs", [3, 2]), ids: i32("ids", 2, 1) },
        ...{ positions: i32("positions", 2, 1), offset: i32("offset", 1), step: i32("step", 1) },
      };
      // Each step draws what the one before it drew.
      const drawn = { token: state.ids.reshape([2]), logprob: graph.input("logprob", [2]) };
      const executable = backend().compile(plan({ ...advance(state, drawn) }));
      const variables = Object.fromEntries(
        Object.entries(state).map(([name, { shape, dtype }]) => [name, backend().allocate({ shape, dtype })]),
      );
      const { ids, offset } = variables;
      assert.ok(ids && offset);
      backend().write(ids, Int32Array.of(7, 8));
      backend().write(offset, Int32Array.of(40));
      const bindings = { inputs: { logprob: Float32Array.of(-1, -2) }, variables };
      const expected = {
        tokens: Int32Array.of(7, 8, 7, 8, 7, 8),
        logprobs: Float32Array.of(-1, -2, -1, -2, -1, -2),
        ids: Int32Array.of(7, 8),
        positions: Int32Array.of(3, 3),
        offset: Int32Array.of(43),
        step: Int32Array.of(3),
      };
      assert.deepEqual(await executable.run({ ...bindings, times: 3 }), expected);
      // The oracle looks at no index.
      if (backend().name !== "tfjs") {
        const beyond = new BindingError("run: advance was given index 3, which is not in [0, 3)");
        await assert.rejects(executable.run(bindings), beyond);
        assert.deepEqual(await backend().read(offset), expected.offset);
      }
      for (const buffer of Object.values(variables)) backend().release(buffer);
      executable.release();
    });

    it("refuses to keep what the program does not give, and inputs of another kind or released", async () => {
      const graph = new Graph();
      const executable = backend().compile(plan({ y: graph.input("x", [2]).neg() }));
      const before = backend().memory.allocatedBytes;
      const x = Float32Array.of(1, 2);
      await assert.rejects(
        executable.runKeeping<string>({ inputs: { x } }, ["y", "z"]),
        /no output z to keep; there are y/,
      );
      const other = backend().allocate({ shape: [2], dtype: "i32" });
      await assert.rejects(
        executable.run({ inputs: { x: other } }),
        new BindingError("run: input x is planned as f32 [2], got i32 [2]"),
      );
      backend().release(other);
      await assert.rejects(executable.run({ inputs: { x: other } }), BindingError);
      assert.equal(backend().memory.allocatedBytes, before);
      executable.release();
    });

    it("names the input or variable that is missing or has another size", async () => {
      const graph = new Graph();
      const executable = backend().compile(plan({ y: graph.variable("weight", [2]).mul(graph.input("tokens", [2])) }));
      const buffer = backend().allocate({ shape: [2], dtype: "f32" });
      const other = backend().allocate({ shape: [3], dtype: "f32" });
      const tokens = Float32Array.of(1, 2);
      const wrong = [
        [{ variables: { weight: buffer } }, /tokens/],
        [{ inputs: { tokens } }, /weight/],
        [{ inputs: { tokens: Float32Array.of(1) }, variables: { weight: buffer } }, /tokens/],
        [{ inputs: { tokens }, variables: { weight: other } }, /weight/],
      ] as const;
      for (const [bindings, message] of wrong) {
        await assert.rejects(executable.run(bindings), (error: Error) => {
          assert.ok(error instanceof BindingError, String(error));
          assert.match(error.message, message);
          return true;
        });
      }
      executable.release();
      backend().release(buffer);
      backend().release(other);
    });
  });
}
