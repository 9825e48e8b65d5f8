import assert from "node:assert/strict";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import { LOGITS_HELD, encode } from "../../../../../engine/compute/backends/cuda/encode.ts";
import { createTfjsBackend } from "../../../../../engine/compute/backends/tfjs/index.ts";
import { defined, sizeOf } from "../../../../../engine/compute/graph/tensor.ts";
import { attentionOp } from "../../../../../engine/compute/ops/attention.ts";
import { type Case, type Results, narrowed, opCase, prepare, runCase } from "../../../../contract/case.ts";
import { attentionOperands } from "../../../../contract/cases/attention.ts";
import { assertClose } from "../../../../contract/close.ts";
import { type HostTensor, ints } from "../../../../contract/data.ts";
import { interpreter } from "../../../../ptx/driver.ts";

/**
 * The weights of the values are rounded to bf16, each by up to 2⁻⁹ of itself; they sum up to 1, and values are below 1.
 * The log-sum-exp is of weights that are not rounded.
 */
const ROUNDED_WEIGHTS = 2 ** -9;
/** As in the contract suite. */
const TOLERANCE = 2e-5;

/**
 * Probabilities and derivatives by scores are rounded to bf16, too. A key's probabilities, of all queries that see it, sum
 * up to some 6 in these cases, so that their roundings come to 6 · 2⁻⁹ if all have one sign; of either sign, to far less.
 */
const GRADIENT_TOLERANCE = 2 ** -7;

/** As Gemma 2, in small. */
const GEMMA = { window: 20, softcap: 5 };

type Sizes = Parameters<typeof attentionOperands>[0];
type Place = Parameters<typeof attentionOperands>[1];

const bf16Case = (title: string, operands: Case["operands"], { window = 0, softcap = 0 } = {}): Case =>
  narrowed(opCase(attentionOp, { scale: 0.1, window, softcap }, { title, operands }), ["q", "k", "v"]);

const runGradients = (backend: Backend, test: Case): Promise<Results> => {
  const { backward, inputs } = prepare({ ...test, wrt: ["q", "k", "v"] });
  return runCase(backend, test, defined(backward), inputs);
};

const run = (backend: Backend, test: Case): Promise<Results> => {
  const { forward, inputs } = prepare(test);
  return runCase(backend, test, forward, inputs);
};

describe("attention on tensor cores, interpreted", () => {
  let oracle: Backend;
  let backend: Backend;
  before(async () => {
    oracle = await createTfjsBackend({ module: "cpu" });
    backend = new CudaBackend(interpreter.open(0));
  });
  after(() => Promise.all([oracle.close(), backend.close()]));

  const cases: readonly (readonly [
    title: string,
    sizes: Sizes,
    place?: Place,
    attrs?: Parameters<typeof bf16Case>[2],
  ])[] = [
    ["one token", { B: 1, T: 1, S: 1, H: 1, G: 1, D: 128 }],
    ["no group, and no more than a warp's rows", { B: 2, T: 16, S: 16, H: 2, G: 2, D: 64 }, { start: [0, 16] }],
    ["two tiles cut off, padding", { B: 2, T: 71, S: 71, H: 2, G: 2, D: 128 }, { start: [0, 37] }],
    [
      "groups, padding, a window and a cap, over two segments",
      { B: 2, T: 140, S: 140, H: 3, G: 1, D: 64 },
      { start: [0, 9] },
      { window: 20, softcap: 5 },
    ],
    [
      "one query against a cache, in three segments, one of padding",
      { B: 2, T: 1, S: 300, H: 6, G: 2, D: 128 },
      { start: [0, 200], offset: 260 },
    ],
    [
      "five queries against a cache, with a window",
      { B: 3, T: 5, S: 300, H: 3, G: 1, D: 64 },
      { start: [0, 9, 264], offset: 260 },
      { window: 100 },
    ],
    ["groups, padding and a window", { B: 2, T: 71, S: 71, H: 3, G: 1, D: 32 }, { start: [0, 37] }, { window: 20 }],
    ["one query against a cache", { B: 2, T: 1, S: 300, H: 4, G: 2, D: 32 }, { start: [0, 200], offset: 260 }],
    ["three segments and padding", { B: 1, T: 270, S: 270, H: 1, G: 1, D: 32 }, { start: [9] }],
    ["two segments, padding and a cap", { B: 1, T: 140, S: 140, H: 1, G: 1, D: 96 }, { start: [9] }, { softcap: 5 }],
    ["one query against a cache", { B: 2, T: 1, S: 300, H: 2, G: 2, D: 96 }, { start: [0, 200], offset: 260 }],
    ["no more than a warp's rows, padding", { B: 2, T: 7, S: 7, H: 2, G: 1, D: 256 }, { start: [0, 3] }],
    ["groups, padding, a window and a cap", { B: 2, T: 71, S: 71, H: 2, G: 1, D: 256 }, { start: [0, 37] }, GEMMA],
    ["one query against a cache", { B: 2, T: 1, S: 100, H: 4, G: 2, D: 256 }, { start: [0, 40], offset: 70 }],
  ];
  for (const [title, sizes, place, attrs] of cases) {
    it(`of ${sizes.D} channels: ${title}`, async () => {
      const test = bf16Case(title, attentionOperands(sizes, place), attrs);
      const expected = await run(oracle, test);
      const { out0, out1 } = await run(backend, test);
      assertClose("o", out0, defined(expected["out0"]), ROUNDED_WEIGHTS);
      assertClose("lse", out1, defined(expected["out1"]), TOLERANCE);
      if (sizes.T !== sizes.S) return;
      const gradients = await runGradients(backend, test);
      for (const [name, data] of Object.entries(await runGradients(oracle, test))) {
        assertClose(`d${name}`, gradients[name], data, GRADIENT_TOLERANCE);
      }
    });
  }

  it("asks for no more shared memory than a block may have on any card", () => {
    for (const D of [32, 64, 96, 128, 256]) {
      const { forward, backward } = prepare({
        ...bf16Case("shared", attentionOperands({ B: 1, T: 99, S: 99, H: 1, G: 1, D })),
        wrt: ["q", "k", "v"],
      });
      const launches = [forward, defined(backward)].flatMap((program) => encode(program, LOGITS_HELD).launches);
      const ofTensorCores = launches.filter(({ kernel }) => kernel.startsWith("flashAttention"));
      assert.equal(ofTensorCores.length, D === 256 ? 5 : 4, "the forward pass twice, and the gradients");
      for (const { kernel, sharedBytes = 0 } of ofTensorCores) assert.ok(sharedBytes <= 99 << 10, kernel);
    }
  });

  for (const D of [64, 32, 96, 256]) {
    it(`of ${D} channels: gives a query the same bytes among all and alone, where blocks share its keys`, () => {
      return checkAlone({ B: 2, T: 140, S: 140, H: D === 64 ? 3 : 1, G: 1, D });
    });
  }

  async function checkAlone(sizes: Sizes): Promise<void> {
    const operands = attentionOperands(sizes, { start: [0, 9] });
    const whole = await run(backend, bf16Case("whole", operands));
    for (const token of [0, 20, 127, 128, 139]) {
      const q = tokenOf(defined(operands["q"]), token);
      const one = await run(backend, bf16Case("one", { ...operands, q, offset: ints([1], [token]) }));
      const { B, T, H, D } = sizes;
      const o = { shape: [B, T, H, D], dtype: "bf16", data: defined(whole["out0"]) } as const;
      const lse = defined(whole["out1"]).filter((_, at) => at % T === token); // [B, H, T]
      assert.deepEqual(one["out0"], tokenOf(o, token).data);
      assert.deepEqual(one["out1"], lse);
    }
  }
});

/** `[B, T, H, D]` → `[B, 1, H, D]`. */
function tokenOf({ shape, dtype, data }: HostTensor, token: number): HostTensor {
  const [B = 1, T = 1, ...rest] = shape;
  const width = sizeOf(rest);
  const own = data.filter((_, at) => Math.floor(at / width) % T === token);
  return { shape: [B, 1, ...rest], dtype, data: own };
}
