import assert from "node:assert/strict";
import type { HostArray } from "../../../../../engine/compute/backend.ts";
import { LOGITS_HELD, encode } from "../../../../../engine/compute/backends/cuda/encode.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import { type Program, plan } from "../../../../../engine/compute/graph/program.ts";
import { type Tensor, Graph, defined } from "../../../../../engine/compute/graph/tensor.ts";
import { cacheWrite, rope, ropeFrequencies } from "../../../../../engine/compute/ops/index.ts";
import { uniform } from "../../../../contract/data.ts";
import { interpreter } from "../../../../ptx/driver.ts";

const [B, T, D] = [2, 3, 4];
const POSITIONS = Int32Array.of(0, 1, 2, 5, 6, 7);

const kernels = (program: Program): readonly string[] =>
  encode(program, LOGITS_HELD).launches.map(({ kernel }) => kernel);
const numbers = (shape: readonly number[], seed: number): Float32Array => Float32Array.from(uniform(shape, seed).data);

describe("launches of several ops on CUDA, interpreted", () => {
  let backend: CudaBackend;
  beforeEach(() => {
    backend = new CudaBackend(interpreter.open(0));
  });
  afterEach(() => backend.close());

  const run = async (
    program: Program,
    inputs: Readonly<Record<string, HostArray>>,
  ): Promise<Readonly<Record<string, HostArray>>> => {
    const executable = backend.compile(program);
    const outputs = await executable.run({ inputs });
    executable.release();
    return outputs;
  };

  describe("rope of queries and keys", () => {
    const HEADS = { q: 4, k: 2 } as const;
    const inputs = { q: numbers([B, T, HEADS.q, D], 1), k: numbers([B, T, HEADS.k, D], 2), positions: POSITIONS };
    const turned = (graph: Graph, name: "q" | "k", theta = 100): Tensor =>
      rope(
        graph.input(name, [B, T, HEADS[name], D]).mul(2),
        graph.input("positions", [B, T], "i32"),
        ropeFrequencies(D, theta),
      );
    const alone = async (name: "q" | "k"): Promise<HostArray | undefined> => {
      const program = plan({ y: turned(new Graph(), name) });
      return (await run(program, inputs))["y"];
    };
    const isTurned = (name: string): boolean => name.startsWith("rope");

    it("are one where both operands are there, and what is made of keys lies where nobody reads", async () => {
      const graph = new Graph();
      const [q, k] = [graph.input("q", [B, T, HEADS.q, D]).mul(2), graph.input("k", [B, T, HEADS.k, D]).mul(2)];
      const positions = graph.input("positions", [B, T], "i32");
      const newKeys = rope(k, positions, ropeFrequencies(D, 100));
      const program = plan({ k: newKeys, q: rope(q, positions, ropeFrequencies(D, 100)) });
      assert.deepEqual(kernels(program).filter(isTurned), ["rope_f32"]);
      assert.deepEqual(await run(program, inputs), { k: await alone("k"), q: await alone("q") });
    });

    it("are two where the second's result takes the first's place", async () => {
      const graph = new Graph();
      const [q, k] = [graph.input("q", [B, T, HEADS.q, D]).mul(2), graph.input("k", [B, T, HEADS.k, D]).mul(2)];
      const positions = graph.input("positions", [B, T], "i32");
      const queries = rope(q, positions, ropeFrequencies(D, 100));
      const program = plan({ q: queries, k: rope(k, positions, ropeFrequencies(D, 100)) });
      const [first, second] = program.instructions.filter(({ op }) => op === "rope");
      const offsetOf = (id: number | undefined): unknown => {
        const buffer = defined(program.buffers[defined(program.values[defined(id)]).buffer]);
        return buffer.kind === "arena" ? buffer.offset : undefined;
      };
      assert.equal(offsetOf(second?.outputs[0]), offsetOf(first?.inputs[0]), "the planner reuses it");
      assert.deepEqual(kernels(program).filter(isTurned), ["rope_f32", "rope_f32"]);
      assert.deepEqual(await run(program, inputs), { k: await alone("k"), q: await alone("q") });
    });

    it("are two where angles differ", () => {
      const graph = new Graph();
      const [q, k] = [graph.variable("q", [B, T, HEADS.q, D]), graph.variable("k", [B, T, HEADS.k, D])];
      const positions = graph.input("positions", [B, T], "i32");
      const [first, second] = [
        rope(k, positions, ropeFrequencies(D, 100)),
        rope(q, positions, ropeFrequencies(D, 200)),
      ];
      assert.equal(kernels(plan({ first, second })).length, 2);
    });
  });

  describe("writes of keys and values", () => {
    const written = (graph: Graph, names: readonly string[], offsets: readonly Tensor[], length = 4): Program =>
      plan(
        Object.fromEntries(
          names.map((name, at) => {
            const cache = graph.variable(`cache.${name}`, [B, name === "k" ? 4 : length, 1, D]);
            return [name, cacheWrite(cache, graph.input(name, [B, T, 1, D]), defined(offsets[at]))] as const;
          }),
        ),
      );

    it("are one at one offset, and leave the rest as it was", async () => {
      const graph = new Graph();
      const offset = graph.input("offset", [1], "i32");
      const program = written(graph, ["k", "v"], [offset, offset]);
      assert.deepEqual(kernels(program), ["cacheWrite_32"]);
      const [k, v] = [numbers([B, T, 1, D], 3), numbers([B, T, 1, D], 4)];
      const before = { k: numbers([B, 4, 1, D], 5), v: numbers([B, 4, 1, D], 6) };
      const variables = Object.fromEntries(
        Object.entries(before).map(([name, data]) => [
          `cache.${name}`,
          backend.allocate({ shape: [B, 4, 1, D], dtype: "f32" }, data),
        ]),
      );
      const executable = backend.compile(program);
      const outputs = await executable.run({ inputs: { k, v, offset: Int32Array.of(1) }, variables });
      for (const [name, x] of Object.entries({ k, v })) {
        const expected = defined(before[name as "k" | "v"]).slice();
        for (let row = 0; row < B; row++) expected.set(x.subarray(row * T * D, (row + 1) * T * D), (row * 4 + 1) * D);
        assert.deepEqual(outputs[name], expected);
      }
      const late = executable.run({ inputs: { k, v, offset: Int32Array.of(2) }, variables });
      await assert.rejects(late, { message: "run: cacheWrite was given index 2, which is not in [0, 2)" });
    });

    it("are two at two offsets, into caches of two lengths, and of one cache", () => {
      const offsets = (graph: Graph): readonly [one: Tensor, two: Tensor] => [
        graph.input("one", [1], "i32"),
        graph.input("two", [1], "i32"),
      ];
      const [apart, long] = [new Graph(), new Graph()];
      assert.equal(kernels(written(apart, ["k", "v"], offsets(apart))).length, 2);
      const [one] = offsets(long);
      assert.equal(kernels(written(long, ["k", "v"], [one, one], 5)).length, 2);
      const twice = new Graph();
      const cache = twice.variable("cache", [B, 4, 1, D]);
      const x = twice.input("x", [B, T, 1, D]);
      const offset = twice.input("offset", [1], "i32");
      assert.equal(kernels(plan({ y: cacheWrite(cacheWrite(cache, x, offset), x, offset) })).length, 2);
    });
  });
});
