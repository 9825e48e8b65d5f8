import assert from "node:assert/strict";
import { gradients } from "../../../../engine/compute/graph/gradients.ts";
import { Graph, ShapeError, type Tensor } from "../../../../engine/compute/graph/tensor.ts";
import { DTypeError } from "../../../../engine/compute/graph/typeRule.ts";
import { addBias, sumRows } from "../../../../engine/compute/ops/bias.ts";
import {
  accumulate,
  adamw,
  advance,
  attention,
  cacheWrite,
  cast,
  embedding,
  fullKl,
  gatedActivation,
  linear,
  logprob,
  matmul,
  rmsNorm,
  rope,
  sample,
  slice,
  sumSquares,
} from "../../../../engine/compute/ops/index.ts";
import { castOp } from "../../../../engine/compute/ops/cast.ts";

const graph = new Graph();
let count = 0;
const f32 = (...shape: number[]): Tensor => graph.input(`t${count++}`, shape);
const bf16 = (...shape: number[]): Tensor => graph.input(`t${count++}`, shape, "bf16");
const i32 = (...shape: number[]): Tensor => graph.input(`t${count++}`, shape, "i32");
const heads = { q: f32(2, 5, 4, 8), k: f32(2, 9, 2, 8), v: f32(2, 9, 2, 8), start: i32(2), offset: i32(1) };
const block = { tokens: i32(4, 2), logprobs: f32(4, 2) };
const decoding = { ...block, ids: i32(2, 1), positions: i32(2, 1), offset: i32(1), step: i32(1) };
const drawn = { token: i32(2), logprob: f32(2) };
const state = { p: f32(3), m: f32(3), v: f32(3), g: f32(3), hyper: f32(8) };

/** Every op with operands that do not fit, and the message that says so. */
const MISFITS: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["matmul, inner sizes", () => matmul(f32(2, 3), f32(4, 5)), /^matmul: shapes do not fit: a \[2, 3\], b \[4, 5\]$/],
  ["matmul, transposed", () => matmul(f32(2, 3), f32(3, 4), { transposeB: true }), /^matmul: /],
  ["matmul, three axes", () => matmul(f32(2, 2, 3), f32(3, 4)), /^matmul: .* a \[2, 2, 3\]/],
  ["linear", () => linear(f32(2, 3), f32(3, 4)), /^linear: shapes do not fit: x \[2, 3\], w \[3, 4\]$/],
  ["embedding, one axis", () => embedding(f32(5), i32(2)), /^embedding: /],
  ["rmsNorm", () => rmsNorm(f32(2, 3), f32(2)), /^rmsNorm: shapes do not fit: x \[2, 3\], w \[2\]$/],
  [
    "rope, odd head size",
    () => rope(f32(1, 2, 3, 5), i32(1, 2), [1, 0.1]),
    /^rope: shapes do not fit: x \[1, 2, 3, 5\]$/,
  ],
  ["rope, positions", () => rope(f32(1, 2, 3, 4), i32(1, 3), [1, 0.1]), /^rope: .* positions \[1, 3\]$/],
  ["attention, heads not a multiple of groups", () => attention({ ...heads, q: f32(2, 5, 3, 8) }), /^attention: /],
  ["attention, keys and values", () => attention({ ...heads, v: f32(2, 8, 2, 8) }), /v \[2, 8, 2, 8\]/],
  ["attention, start", () => attention({ ...heads, start: i32(1) }), /start \[1\]/],
  ["attention, offset", () => attention({ ...heads, offset: i32(2) }), /offset \[2\]$/],
  ["gatedActivation", () => gatedActivation(f32(2, 3), f32(3, 2)), /gate \[2, 3\], up \[3, 2\]$/],
  ["logprob, width", () => logprob(f32(4, 3), f32(7, 2), i32(4)), /^logprob: .* h \[4, 3\], w \[7, 2\]/],
  ["logprob, targets", () => logprob(f32(4, 3), f32(7, 3), i32(5)), /targets \[5\]$/],
  ["fullKl", () => fullKl({ h: f32(4, 3), w: f32(7, 3) }, { h: f32(4, 3), w: f32(6, 3) }), /wRef \[6, 3\]$/],
  ["advance", () => advance(decoding, { token: i32(3), logprob: f32(2) }), /^advance: .* token \[3\], logprob \[2\]$/],
  ["advance, other blocks", () => advance({ ...decoding, logprobs: f32(5, 2) }, drawn), /logprobs \[5, 2\]/],
  ["advance, two steps", () => advance({ ...decoding, step: i32(2) }, drawn), /step \[2\]/],
  ["sample", () => sample(f32(2, 5), f32(3)), /^sample: .* logits \[2, 5\], uniform \[3\]$/],
  ["slice, beyond the end", () => slice(f32(2, 5), 3, 3), /^slice: .* x \[2, 5\], start, length \[3, 3\]$/],
  ["slice, nothing", () => slice(f32(2, 5), 0, 0), /^slice: /],
  ["slice, one axis", () => slice(f32(5), 0, 1), /^slice: /],
  ["cacheWrite, longer than the cache", () => cacheWrite(f32(1, 2, 1, 4), f32(1, 3, 1, 4), i32(1)), /^cacheWrite: /],
  ["cacheWrite, more rows", () => cacheWrite(f32(1, 4, 1, 4), f32(2, 1, 1, 4), i32(1)), /x \[2, 1, 1, 4\]/],
  ["cacheWrite, other heads", () => cacheWrite(f32(1, 4, 1, 4), f32(1, 3, 2, 4), i32(1)), /x \[1, 3, 2, 4\]/],
  ["addBias", () => addBias(f32(2, 3), f32(2)), /^addBias: shapes do not fit: x \[2, 3\], bias \[2\]$/],
  ["addBias, two rows", () => addBias(f32(2, 3), f32(2, 3)), /bias \[2, 3\]$/],
  ["sumRows", () => sumRows(f32(2, 3, 4)), /^sumRows: shapes do not fit: x \[2, 3, 4\]$/],
  ["accumulate", () => accumulate(f32(2), f32(3)), /^accumulate: shapes do not fit: total \[2\], x \[3\]$/],
  ["adamw, gradient", () => adamw({ ...state, g: f32(4) }), /^adamw: .* g \[4\]/],
  ["adamw, hyper", () => adamw({ ...state, hyper: f32(7) }), /hyper \[7\]/],
  ["adamw, copy", () => adamw({ ...state, copy: bf16(4) }), /copy \[4\]$/],
  ["adamw, scale", () => adamw({ ...state, scale: f32(2) }), /scale \[2\]$/],
];

describe("ops refuse shapes that do not fit", () => {
  for (const [title, build, message] of MISFITS) {
    it(title, () => {
      assert.throws(build, (error: Error) => {
        assert.ok(error instanceof ShapeError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

/** Ops with operands of the wrong type or settings out of range. */
const MISTAKES: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["embedding by floats", () => embedding(f32(5, 2), f32(2)), /^embedding: ids must be i32, got f32$/],
  ["matmul of integers", () => matmul(i32(2, 2), f32(2, 2)), /^matmul: a must be f32 or bf16, got i32$/],
  ["rope at float positions", () => rope(f32(1, 2, 3, 4), f32(1, 2), [1, 0.1]), /^rope: positions must be i32/],
  [
    "rope with a frequency too few",
    () => rope(f32(1, 2, 3, 4), i32(1, 2), [1]),
    /heads of 4 take 2 frequencies, got 1/,
  ],
  ["attention from a float start", () => attention({ ...heads, start: f32(2) }), /^attention: start must be i32/],
  ["attention at a float offset", () => attention({ ...heads, offset: f32(1) }), /^attention: offset must be i32/],
  ["logprob of float targets", () => logprob(f32(4, 3), f32(7, 3), f32(4)), /^logprob: targets must be i32/],
  ["logprob at temperature 0", () => logprob(f32(4, 3), f32(7, 3), i32(4), { temperature: 0 }), /above 0, got 0/],
  [
    "attention under a negative cap",
    () => attention(heads, { softcap: -1 }),
    /^attention: softcap must not be negative/,
  ],
  ["logprob under no number", () => logprob(f32(4, 3), f32(7, 3), i32(4), { softcap: NaN }), /^logprob: .* got NaN$/],
  ["sample at a negative temperature", () => sample(f32(2, 5), f32(2), { temperature: -1 }), /negative, got -1/],
  ["sample of half a token", () => sample(f32(2, 5), f32(2), { topK: 1.5 }), /topK must be a count, got 1.5/],
  ["sample of no probability", () => sample(f32(2, 5), f32(2), { topP: 0 }), /topP must be in \(0, 1\], got 0/],
  ["a cast to the same type", () => graph.apply(castOp, [f32(2)], { dtype: "f32" }), /^cast: x is f32 already$/],
  ["sumSquares of nothing", () => sumSquares([]), /./],
];

describe("ops refuse", () => {
  for (const [title, build, message] of MISTAKES) {
    it(title, () => {
      assert.throws(build, (error: Error) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe("ops name the input whose element type they do not take", () => {
  for (const [title, build, [op, input, dtype]] of [
    ["a sum of integers", () => i32(2).add(f32(2)), ["binary", "left", "i32"]],
    ["bf16 on the left of a product alone", () => matmul(bf16(2, 2), f32(2, 2)), ["matmul", "b", "f32"]],
    ["bf16 activations beside f32", () => gatedActivation(f32(2), bf16(2)), ["gatedActivation", "up", "bf16"]],
    ["a cast of integers", () => cast(i32(2), "f32"), ["cast", "x", "i32"]],
    ["the last of any number of inputs", () => sumSquares([f32(2), f32(3), bf16(4)]), ["sumSquares", "x", "bf16"]],
    ["an f32 copy", () => adamw({ ...state, copy: f32(3) }), ["adamw", "copy", "f32"]],
    ["states in bf16 alone", () => logprob(bf16(4, 8), f32(7, 8), i32(4)), ["logprob", "w", "f32"]],
    [
      "a reference's states in bf16 alone",
      () => fullKl({ h: f32(4, 8), w: bf16(7, 8) }, { h: bf16(4, 8), w: f32(7, 8) }),
      ["fullKl", "wRef", "f32"],
    ],
    ["logits in bf16", () => sample(bf16(2, 5), f32(2)), ["sample", "logits", "bf16"]],
    ["a bias in bf16", () => addBias(bf16(2, 3), bf16(3)), ["addBias", "bias", "bf16"]],
    ["a gain in bf16", () => rmsNorm(bf16(2, 3), bf16(3)), ["rmsNorm", "w", "bf16"]],
    ["keys in bf16", () => attention({ ...heads, k: bf16(2, 9, 2, 8) }), ["attention", "k", "bf16"]],
  ] as const) {
    it(title, () => {
      assert.throws(build, (error: Error) => {
        assert.ok(error instanceof DTypeError, String(error));
        assert.deepEqual([error.op, error.input, error.dtype], [op, input, dtype]);
        return true;
      });
    });
  }

  it("with what they take", () => {
    assert.throws(() => matmul(f32(2, 2), i32(2, 2)), { message: "matmul: b must be f32 or bf16, got i32" });
  });
});

describe("ops give element types", () => {
  it("that follow from their operands and settings", () => {
    assert.equal(cast(f32(2), "bf16").dtype, "bf16");
    assert.equal(cast(bf16(2), "f32").dtype, "f32");
    assert.equal(slice(i32(2, 5), 0, 1).dtype, "i32");
    assert.equal(bf16(4).reshape([2, 2]).dtype, "bf16");
    assert.equal(matmul(bf16(2, 3), bf16(3, 2)).dtype, "bf16");
    assert.equal(matmul(bf16(2, 3), bf16(3, 2), { dtype: "f32" }).dtype, "f32");
    assert.equal(embedding(bf16(5, 2), i32(2)).dtype, "f32");
    assert.equal(embedding(bf16(5, 2), i32(2), "bf16").dtype, "bf16");
    assert.equal(logprob(bf16(4, 3), bf16(7, 3), i32(4)).logprob.dtype, "f32");
    assert.equal(sumRows(bf16(4, 3)).dtype, "f32");
    assert.equal(attention({ ...heads, q: bf16(2, 5, 4, 8), k: bf16(2, 9, 2, 8), v: bf16(2, 9, 2, 8) }).dtype, "bf16");
    assert.deepEqual(
      adamw({ ...state, copy: bf16(3) }).map(({ dtype }) => dtype),
      ["f32", "f32", "f32", "bf16"],
    );
  });

  it("by casting only where the type changes", () => {
    const x = f32(2);
    assert.equal(cast(x, "f32"), x);
  });

  it("in gradients as in what they belong to, through casts", () => {
    const [x, w] = [bf16(2, 3), bf16(4, 3)];
    const loss = linear(cast(x, "f32"), w).sum();
    const [dx, dw] = gradients(loss, [x, w]);
    assert.equal(dx?.dtype, "bf16");
    assert.equal(dw?.dtype, "f32", "gradients by weights are f32, for the optimizer");
  });
});

describe("ops give shapes", () => {
  it("that follow from their operands", () => {
    assert.deepEqual(linear(f32(2, 3, 5), f32(7, 5)).shape, [2, 3, 7]);
    assert.deepEqual(embedding(f32(9, 4), i32(2, 3)).shape, [2, 3, 4]);
    assert.deepEqual(attention(heads).shape, [2, 5, 4, 8]);
    assert.deepEqual(logprob(f32(4, 3), f32(7, 3), i32(4)).entropy.shape, [4]);
    assert.deepEqual(slice(f32(2, 5, 3), 1, 2).shape, [2, 2, 3]);
    assert.equal(sample(f32(2, 5), f32(2)).token.dtype, "i32");
  });
});
