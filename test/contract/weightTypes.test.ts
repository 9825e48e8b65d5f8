import assert from "node:assert/strict";
import { fromBf16, toBf16 } from "../../engine/compute/graph/dtype.ts";
import { gradients } from "../../engine/compute/graph/gradients.ts";
import { plan } from "../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../engine/compute/graph/tensor.ts";
import { adamw, cast } from "../../engine/compute/ops/index.ts";
import { goldenCasts } from "../golden/dtypes/golden.ts";
import { CANDIDATES } from "./backends.ts";
import { expanded, prepare, runCase } from "./case.ts";
import { weightCases, weightGradientCases } from "./cases/weightTypes.ts";
import { assertSameBytes } from "./close.ts";
import { uniform } from "./data.ts";
import { open } from "./open.ts";

for (const candidate of CANDIDATES) {
  describe(`weight types on ${candidate.title}`, () => {
    const backend = open(candidate);

    for (const test of [...weightCases, ...weightGradientCases]) {
      it(`${test.title}: gives the bytes of weights that were expanded before`, async () => {
        const [narrow, wide] = [prepare(test), prepare(expanded(test))];
        for (const pass of ["forward", "backward"] as const) {
          const program = narrow[pass];
          if (program === undefined) continue;
          const results = await runCase(backend(), test, program, narrow.inputs);
          assertSameBytes(results, await runCase(backend(), expanded(test), defined(wide[pass]), wide.inputs));
        }
      });
    }

    it("casts as PyTorch does, bit by bit, there and back", async () => {
      const { f32, bf16 } = goldenCasts();
      const graph = new Graph();
      const x = graph.input("x", [f32.length]);
      const y = cast(x, "bf16");
      const program = backend().compile(plan({ y, back: cast(y, "f32") }));
      assertSameBytes(await program.run({ inputs: { x: f32 } }), { y: bf16, back: fromBf16(bf16) });
      program.release();
    });

    it("rounds gradients that come back through bf16, as PyTorch does", async () => {
      const { gradient } = goldenCasts();
      const graph = new Graph();
      const shape = [gradient.x.length];
      const x = graph.input("x", shape);
      const loss = cast(cast(x, "bf16"), "f32").mul(graph.input("upstream", shape)).sum();
      const program = backend().compile(plan({ dx: defined(gradients(loss, [x])[0]) }));
      const { upstream } = gradient;
      assertSameBytes(await program.run({ inputs: { upstream } }), { dx: gradient.dx });
      program.release();
    });

    it("writes a bf16 copy of the parameter in the optimizer's pass, and none where the step is skipped", async () => {
      const size = 1037;
      const graph = new Graph();
      const [p, m, v, g] = ["p", "m", "v", "g"].map((name) => graph.variable(name, [size])).map(defined);
      const copy = graph.variable("copy", [size], "bf16");
      const operands = {
        p: defined(p),
        m: defined(m),
        v: defined(v),
        g: defined(g),
        copy,
        hyper: graph.input("hyper", [8]),
      };
      const program = backend().compile(plan({}, adamw({ ...operands, scale: graph.input("scale", []) })));
      const hyper = Float32Array.of(0.01, 0.9, 0.999, 1e-8, 0.1, 0.1, 0.001, 0);
      const start = uniform([size], 1);
      const arrays = { p: start, m: uniform([size], 2), v: uniform([size], 3, [0, 1]), g: uniform([size], 4) };
      const variables = {
        ...Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, backend().allocate(x, x.data)])),
        copy: backend().allocate({ shape: [size], dtype: "bf16" }),
      };
      const read = async (): Promise<{ readonly p: Float32Array; readonly copy: Uint16Array }> => ({
        p: Float32Array.from(await backend().read(defined(variables["p" as "copy"]))),
        copy: Uint16Array.from(await backend().read(variables.copy)),
      });

      await program.run({ inputs: { hyper, scale: Float32Array.of(NaN) }, variables });
      const skipped = await read();
      assert.deepEqual(skipped.p, start.data);
      assert.ok(skipped.copy.every((bits) => bits === 0));

      await program.run({ inputs: { hyper, scale: Float32Array.of(1) }, variables });
      const taken = await read();
      assert.notDeepEqual(taken.p, start.data);
      assert.deepEqual(taken.copy, toBf16(taken.p));
      program.release();
      for (const buffer of Object.values(variables)) backend().release(buffer);
    });
  });
}
