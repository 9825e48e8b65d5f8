import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type Backend, BindingError, OutOfMemoryError } from "../../../../../engine/compute/backend.ts";
import { createWasmBackend } from "../../../../../engine/compute/backends/wasm/index.ts";
import { plan } from "../../../../../engine/compute/graph/program.ts";
import { type Tensor, Graph } from "../../../../../engine/compute/graph/tensor.ts";
import { accumulate, cacheWrite, cast, embedding, linear, logprob } from "../../../../../engine/compute/ops/index.ts";

describe("wasm backend", () => {
  let backend: Backend;
  before(async () => {
    backend = await createWasmBackend({ threads: 2 });
  });
  after(() => backend.close());

  it("says its limits and refuses a senseless number of threads", async () => {
    assert.deepEqual(backend.limits, { maxBytes: 4 * 2 ** 30, maxThreads: 64 });
    for (const threads of [0, 1.5, NaN, 65]) await assert.rejects(createWasmBackend({ threads }), RangeError);
  });

  it("counts what buffers and programs hold, and gets all of it back", async () => {
    const before = backend.memory.allocatedBytes;
    const buffer = backend.allocate({ shape: [100], dtype: "f32" });
    assert.equal(backend.memory.allocatedBytes - before, 512);
    assert.deepEqual(await backend.read(buffer), new Float32Array(100));
    const executable = backend.compile(plan({ y: new Graph().input("x", [1000]).exp() }));
    assert.ok(backend.memory.allocatedBytes - before >= 512 + 2 * 4000);
    executable.release();
    executable.release();
    backend.release(buffer);
    assert.equal(backend.memory.allocatedBytes, before);
  });

  it("gives working memory up between runs, and programs that run in turns the results that each has alone", async () => {
    const before = backend.memory.allocatedBytes;
    const executables = [2, 5, 3].map((n) => {
      const y = Array.from({ length: n }).reduce<Tensor>((sum) => sum.add(1), new Graph().input("x", [300]).mul(n));
      return [n, backend.compile(plan({ y }))] as const;
    });
    const x = Float32Array.from({ length: 300 }, (_, at) => at);
    for (let round = 0; round < 2; round++) {
      for (const [n, executable] of executables) {
        const { y } = await executable.run({ inputs: { x } });
        assert.deepEqual(
          y,
          x.map((value) => value * n + n),
        );
      }
      backend.rest();
      assert.equal(backend.memory.allocatedBytes, before);
    }
    for (const [, executable] of executables) executable.release();
  });

  it("names the input that is missing or of another length or type", async () => {
    const executable = backend.compile(plan({ y: new Graph().input("x", [2, 3]).exp() }));
    await assert.rejects(executable.run({}), new BindingError("run: input x is not bound"));
    await assert.rejects(
      executable.run({ inputs: { x: new Float32Array(5) } }),
      new BindingError("run: input x: f32 [2, 3] takes 6 elements, got 5 of f32"),
    );
    await assert.rejects(
      executable.run({ inputs: { x: new Int32Array(6) } }),
      new BindingError("run: input x: f32 [2, 3] takes 6 elements, got 6 of i32"),
    );
    executable.release();
    await assert.rejects(executable.run({ inputs: { x: new Float32Array(6) } }), BindingError);
  });

  it("refuses programs in bf16, by the op, and takes weights and casts in it", () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [2, 3], "bf16"), graph.input("w", [4, 3], "bf16")];
    for (const [y, op] of [
      [x.neg(), "unary"],
      [linear(x, w), "matmul"],
      [linear(x, w, undefined, "f32"), "matmul"],
      [embedding(w, graph.input("ids", [2], "i32"), "bf16"), "embedding"],
    ] as const) {
      assert.throws(() => backend.compile(plan({ y })), {
        message: `wasm: ${op} computes in f32, and was planned in bf16`,
      });
    }
    backend.compile(plan({ y: linear(cast(x, "f32"), w) })).release();
  });

  it("runs one program over different variables, and refuses one buffer under two names if it is written", async () => {
    const graph = new Graph();
    const total = graph.variable("total", [3]);
    const executable = backend.compile(plan({}, [accumulate(total, graph.variable("step", [3]))]));
    const [first, second, step] = [
      [1, 2, 3],
      [10, 20, 30],
      [1, 1, 1],
    ].map((data) => backend.allocate({ shape: [3], dtype: "f32" }, Float32Array.from(data)));
    assert.ok(first !== undefined && second !== undefined && step !== undefined);
    for (const buffer of [first, second, second]) await executable.run({ variables: { total: buffer, step } });
    assert.deepEqual([...(await backend.read(first))], [2, 3, 4]);
    assert.deepEqual([...(await backend.read(second))], [12, 22, 32]);
    await assert.rejects(
      executable.run({ variables: { total: first, step: first } }),
      new BindingError("run: variable total is overwritten, but step is bound to the same buffer"),
    );
    backend.release(first);
    await assert.rejects(executable.run({ variables: { total: first, step } }), BindingError);
    for (const buffer of [second, step]) backend.release(buffer);
    executable.release();
  });

  it("keeps results right when a larger program moves the arena and memory grows", async () => {
    const small = backend.compile(plan({ y: new Graph().input("x", [4]).neg() }));
    const run = async (): Promise<readonly number[]> => {
      const { y } = await small.run({ inputs: { x: Float32Array.of(1, 2, 3, 4) } });
      return [...(y ?? [])];
    };
    assert.deepEqual(await run(), [-1, -2, -3, -4]);
    const large = backend.compile(plan({ y: new Graph().input("x", [5_000_000]).neg() }));
    assert.deepEqual(await run(), [-1, -2, -3, -4]);
    const { y } = await large.run({ inputs: { x: new Float32Array(5_000_000).fill(7) } });
    assert.ok(y?.every((value) => value === -7));
    large.release();
    assert.deepEqual(await run(), [-1, -2, -3, -4]);
    small.release();
  });

  it("names the op and the index where one is out of range, and goes on afterwards", async () => {
    const graph = new Graph();
    const table = graph.input("table", [4, 2]);
    const ids = graph.input("ids", [3], "i32");
    const executable = backend.compile(plan({ y: embedding(table, ids) }));
    const inputs = { table: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) };
    for (const bad of [-1, 4]) {
      await assert.rejects(
        executable.run({ inputs: { ...inputs, ids: Int32Array.of(0, bad, 3) } }),
        new BindingError(`run: embedding was given index ${bad}, which is not in [0, 4)`),
      );
    }
    const { y } = await executable.run({ inputs: { ...inputs, ids: Int32Array.of(3, 0, 3) } });
    assert.deepEqual([...(y ?? [])], [6, 7, 0, 1, 6, 7]);
    executable.release();
  });

  it("does not write keys beyond their cache or score a target beyond the vocabulary", async () => {
    const graph = new Graph();
    const written = cacheWrite(
      graph.input("cache", [1, 3, 1, 2]),
      graph.input("x", [1, 2, 1, 2]),
      graph.input("offset", [1], "i32"),
    );
    const h = graph.input("h", [1, 2]);
    const scored = logprob(h, graph.input("w", [3, 2]), graph.input("targets", [1], "i32"));
    const executable = backend.compile(plan({ written, scored: scored.logprob }));
    const run = (offset: number, target: number): Promise<unknown> =>
      executable.run({
        inputs: {
          cache: new Float32Array(6),
          x: new Float32Array(4),
          offset: Int32Array.of(offset),
          h: new Float32Array(2),
          w: new Float32Array(6),
          targets: Int32Array.of(target),
        },
      });
    await assert.rejects(run(2, 0), new BindingError("run: cacheWrite was given index 2, which is not in [0, 2)"));
    await assert.rejects(run(0, 3), new BindingError("run: logprob was given index 3, which is not in [0, 3)"));
    await run(1, -1);
    executable.release();
  });

  it("refuses what does not fit into 4 GiB and keeps the rest", async () => {
    const before = backend.memory.allocatedBytes;
    assert.throws(() => backend.allocate({ shape: [2 ** 30], dtype: "f32" }), OutOfMemoryError);
    const large = new Graph().input("x", [2 ** 30]).neg();
    assert.throws(() => backend.compile(plan({ y: large })), OutOfMemoryError);
    assert.equal(backend.memory.allocatedBytes, before);
    const { y } = await backend.compile(plan({ y: new Graph().constant(2).neg() })).run({});
    assert.deepEqual([...(y ?? [])], [-2]);
  });

  it("refuses to run once closed", async () => {
    const closed = await createWasmBackend({ threads: 2 });
    const executable = closed.compile(plan({ y: new Graph().constant(2).neg() }));
    await executable.run({});
    await closed.close();
    await assert.rejects(executable.run({}), /closed/);
  });

  it("lets the process end without being closed", () => {
    const script = `
      import { createWasmBackend } from "./engine/compute/backends/wasm/index.ts";
      const backend = await createWasmBackend({ threads: 3 });
      console.log(backend.name);
    `;
    const root = new URL("../../../../../", import.meta.url);
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: root,
      encoding: "utf8",
      timeout: 15_000,
    });
    assert.deepEqual({ stdout, status }, { stdout: "wasm\n", status: 0 });
  });
});
