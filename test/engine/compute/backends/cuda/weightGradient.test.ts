import assert from "node:assert/strict";
import { type Encoded, LOGITS_HELD, encode } from "../../../../../engine/compute/backends/cuda/encode.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import { type WeightType, fromBf16, toBf16 } from "../../../../../engine/compute/graph/dtype.ts";
import { type Program, plan } from "../../../../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../../../../engine/compute/graph/tensor.ts";
import { matmul } from "../../../../../engine/compute/ops/index.ts";
import { assertClose } from "../../../../contract/close.ts";
import { uniform } from "../../../../contract/data.ts";
import { interpreter } from "../../../../ptx/driver.ts";

/** f32 sums of 1,100 products of size 1/3: some twenty roundings of up to 2⁻²⁰. */
const TOLERANCE = 2e-5;
/** Two parts of 18 and 17 tiles along K, the last of which is cut off. */
const SIZES = { M: 40, N: 136, K: 1100 } as const;

type Sizes = Readonly<Record<"M" | "N" | "K", number>>;

/** yᵀ·x, with what is added, if anything. */
function programOf({ M, N, K }: Sizes, dtype: WeightType, isAdded: boolean): Program {
  const graph = new Graph({ a: "bf16", b: "bf16", more: dtype }, "bf16");
  const product = matmul(graph.variable("a", [K, M], "bf16"), graph.variable("b", [K, N], "bf16"), {
    transposeA: true,
    dtype,
  });
  return plan({ y: isAdded ? product.add(graph.variable("more", [M, N], dtype)) : product });
}

const encoded = (sizes: Sizes): Encoded => encode(programOf(sizes, "f32", false), LOGITS_HELD);
const kernels = (sizes: Sizes): readonly string[] => encoded(sizes).launches.map(({ kernel }) => kernel);

describe("gradients of weights on CUDA", () => {
  it("have blocks share the tokens where tiles are few, as many as keep a card busy", () => {
    const [part, join] = encoded({ M: 576, N: 576, K: 8192 }).launches;
    assert.deepEqual([part?.kernel, join?.kernel], ["matmulBf16Part_tn", "matmulBf16Join_f32"]);
    // 25 tiles five times over; with a sixth part there would be more than 128.
    assert.deepEqual(part?.grid, [5, 5, 5]);
  });

  it("do not where tiles are enough, or tokens too few to share", () => {
    const whole = ["matmulBf16_tn_f32"];
    assert.deepEqual(kernels({ M: 1536, N: 768, K: 8192 }), whole);
    assert.deepEqual(kernels({ M: 576, N: 576, K: 992 }), whole);
    assert.notDeepEqual(kernels({ M: 576, N: 576, K: 1024 }), whole);
  });

  for (const dtype of ["f32", "bf16"] as const) {
    for (const isAdded of [false, true]) {
      it(`sum all tokens to ${dtype}${isAdded ? ", and what is added" : ""}, and give the same bytes again, by our kernels and by a library`, async () => {
        const { M, N, K } = SIZES;
        const [a, b] = [uniform([K, M], 1), uniform([K, N], 2)].map(({ data }) => toBf16(Float32Array.from(data)));
        const more = Float32Array.from(uniform([M, N], 3).data);
        const added = dtype === "bf16" ? toBf16(more) : more;
        const [left, right] = [fromBf16(defined(a)), fromBf16(defined(b))];
        const terms = added instanceof Uint16Array ? fromBf16(added) : added;
        const expected = Float32Array.from({ length: M * N }, (_, index) => {
          const [i, j] = [Math.floor(index / N), index % N];
          let sum = isAdded ? defined(terms[index]) : 0;
          for (let k = 0; k < K; k++) sum += defined(left[k * M + i]) * defined(right[k * N + j]);
          return sum;
        });

        const program = programOf(SIZES, dtype, isAdded);
        const launched = encode(program, LOGITS_HELD).launches.map(({ kernel }) => kernel);
        assert.deepEqual(launched, ["matmulBf16Part_tn", `matmulBf16Join_${dtype}`]);
        for (const cublas of [undefined, "played"]) {
          const backend = new CudaBackend(interpreter.open(0), { precision: "bf16", cublas });
          const variables = {
            a: backend.allocate({ shape: [K, M], dtype: "bf16" }, defined(a)),
            b: backend.allocate({ shape: [K, N], dtype: "bf16" }, defined(b)),
            ...(isAdded && { more: backend.allocate({ shape: [M, N], dtype }, added) }),
          };
          const executable = backend.compile(program);
          const { y } = await executable.run({ variables });
          assertClose("y", y, dtype === "bf16" ? toBf16(expected) : expected, TOLERANCE);
          assert.deepEqual((await executable.run({ variables }))["y"], y);
          await backend.close();
        }
      });
    }
  }
});
