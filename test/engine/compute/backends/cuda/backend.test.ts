import assert from "node:assert/strict";
import { BindingError } from "../../../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import { plan } from "../../../../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../../../../engine/compute/graph/tensor.ts";
import { accumulate, adamw, cacheWrite, embedding, logprob } from "../../../../../engine/compute/ops/index.ts";
import { interpreter } from "../../../../ptx/driver.ts";

describe("the CUDA backend, interpreted", () => {
  let backend: CudaBackend;
  beforeEach(() => {
    backend = new CudaBackend(interpreter.open(0));
  });
  afterEach(async () => {
    assert.equal(backend.memory.allocatedBytes, 0);
    await backend.close();
  });

  it("says what is free on the card, also where that does not say how busy it is", () => {
    const [card] = interpreter.devices;
    const before = backend.use().freeBytes;
    assert.ok(before > 0 && before < (card?.memoryBytes ?? 0), String(before));
    const buffer = backend.allocate({ shape: [256], dtype: "f32" });
    const { freeBytes, ...load } = backend.use();
    assert.ok(freeBytes <= before - 1024, `${freeBytes} of ${before}`);
    assert.deepEqual(load, {});
    backend.release(buffer);
  });

  it("has the driver compile the kernels alone that a program launches, each once", async () => {
    const device = interpreter.open(0);
    const loaded: string[] = [];
    const load = device.loadModule.bind(device);
    device.loadModule = (ptx) => {
      loaded.push(...[...ptx.matchAll(/\.entry (\w+)\(/g)].map(([, name]) => name ?? ""));
      return load(ptx);
    };
    const own = new CudaBackend(device);
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    const program = plan({ y: x.add(x).mul(x).add(x) });
    for (let times = 0; times < 2; times++) {
      const executable = own.compile(program);
      await executable.run({ inputs: { x: new Float32Array(6).fill(2) } });
      executable.release();
    }
    assert.ok(loaded.length > 0 && loaded.length <= 2, loaded.join());
    assert.equal(new Set(loaded).size, loaded.length);
    await own.close();
  });

  it("names the op and the index that is out of its range, and goes on", async () => {
    const graph = new Graph();
    const table = graph.input("table", [3, 2]);
    const ids = graph.input("ids", [2], "i32");
    const executable = backend.compile(
      plan({ y: embedding(table, ids), logprob: logprob(graph.input("h", [2, 2]), table, ids).logprob }),
    );
    const inputs = { table: Float32Array.of(1, 2, 3, 4, 5, 6), h: new Float32Array(4) };
    const run = (...tokens: readonly number[]): Promise<unknown> =>
      executable.run({ inputs: { ...inputs, ids: Int32Array.from(tokens) } });
    await assert.rejects(run(0, 3), new BindingError("run: embedding was given index 3, which is not in [0, 3)"));
    await assert.rejects(run(-2, 0), new BindingError("run: embedding was given index -2, which is not in [0, 3)"));
    const expected = Math.fround(-Math.log(3));
    const { y, logprob: scored } = (await run(2, 0)) as { readonly y: Float32Array; readonly logprob: Float32Array };
    assert.deepEqual(y, Float32Array.of(5, 6, 1, 2));
    for (const score of scored) assert.ok(Math.abs(score - expected) < 1e-6);
    executable.release();
  });

  it("refuses to write beyond a cache, and leaves it as it was", async () => {
    const graph = new Graph();
    const cache = graph.variable("cache", [1, 3, 1, 1]);
    const executable = backend.compile(
      plan({}, [cacheWrite(cache, graph.input("x", [1, 2, 1, 1]), graph.input("at", [1], "i32"))]),
    );
    const buffer = backend.allocate(cache, Float32Array.of(1, 2, 3));
    const write = (at: number): Promise<unknown> =>
      executable.run({
        inputs: { x: Float32Array.of(8, 9), at: Int32Array.of(at) },
        variables: { cache: buffer },
      });
    await assert.rejects(write(2), new BindingError("run: cacheWrite was given index 2, which is not in [0, 2)"));
    assert.deepEqual(await backend.read(buffer), Float32Array.of(1, 2, 3));
    await write(1);
    assert.deepEqual(await backend.read(buffer), Float32Array.of(1, 8, 9));
    executable.release();
    backend.release(buffer);
  });

  it("does in the order of the calls what is asked for before the last answer has come", async () => {
    const graph = new Graph();
    const total = graph.variable("total", [1]);
    const after = accumulate(total, graph.input("x", [1]));
    const executable = backend.compile(plan({ after }));
    const buffer = backend.allocate(total);
    const add = (x: number): Promise<Readonly<Record<string, unknown>>> =>
      executable.run({ inputs: { x: Float32Array.of(x) }, variables: { total: buffer } });
    const first = add(1);
    const second = add(10);
    backend.write(buffer, Float32Array.of(100));
    const third = add(5);
    assert.deepEqual(
      (await Promise.all([first, second, third])).map((results) => results["after"]),
      [Float32Array.of(1), Float32Array.of(11), Float32Array.of(105)],
    );
    executable.release();
    backend.release(buffer);
  });

  it("steps all parameters by one launch, but for those that read what another step writes", async () => {
    const launches: string[] = [];
    const device = interpreter.open(0);
    const launch = device.launch.bind(device);
    device.launch = (kernel, settings) => {
      launches.push(kernel.name);
      launch(kernel, settings);
    };
    const counted = new CudaBackend(device);
    const graph = new Graph();
    const hyper = graph.input("hyper", [8]);
    const sizes = { a: 3, b: 5000, c: 3 };
    const [a, b, c] = Object.entries(sizes).map(([name, size]) => {
      const [p, m, v] = ["p", "m", "v"].map((part) => graph.variable(`${name}.${part}`, [size]));
      return { p: defined(p), m: defined(m), v: defined(v) };
    });
    const stepA = adamw({ ...defined(a), g: graph.input("ga", [3]), hyper });
    const stepB = adamw({ ...defined(b), g: graph.input("gb", [5000]), hyper });
    // c's gradient is a's parameter as it is after the step.
    const stepC = adamw({ ...defined(c), g: defined(stepA[0]), hyper });
    const program = plan({}, [...stepA, ...stepB, ...stepC]);
    const executable = counted.compile(program);
    const variables = Object.fromEntries(
      Object.entries(program.variables).map(([name, id]) => [name, counted.allocate(defined(program.values[id]))]),
    );
    const inputs = {
      hyper: Float32Array.of(0.5, 0.9, 0.999, 0, 0, 0.1, 0.001, 0),
      ga: Float32Array.of(1, -1, 2),
      gb: new Float32Array(5000).fill(3),
    };
    await executable.run({ inputs, variables });
    assert.deepEqual(launches, ["adamw_f32", "adamw_f32"]);
    const near = async (name: string, expected: readonly number[]): Promise<void> => {
      const found = await counted.read(defined(variables[name]));
      for (const [index, value] of expected.entries()) assert.ok(Math.abs((found[index] ?? NaN) - value) < 1e-5, name);
    };
    // The first step moves by the learning rate against the gradient's sign.
    await near("a.p", [-0.5, 0.5, -0.5]);
    await near("b.p", new Array<number>(5000).fill(-0.5));
    await near("c.p", [0.5, -0.5, 0.5]);
    executable.release();
    for (const buffer of Object.values(variables)) counted.release(buffer);
    await counted.close();
  });
});
