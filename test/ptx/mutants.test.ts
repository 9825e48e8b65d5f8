import assert from "node:assert/strict";
import { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import { type KernelFile, kernelPtx, kernelText, ptxOf } from "../../engine/compute/backends/cuda/kernelText.ts";
import { type Results, prepare, runCase } from "../contract/case.ts";
import { bf16Cases } from "../contract/cases/bf16.ts";
import { CASES } from "../contract/cases/index.ts";
import { assertClose } from "../contract/close.ts";
import { interpreter } from "./driver.ts";
import { KernelFault, PtxError } from "./errors.ts";

/** A contract case on tensor cores: several tiles, cut off, and more steps along K than stages. */
const PRODUCT = "matmul: a·b, 136×104×264, to bf16, in bf16";

/** Attention on tensor cores, by a block of four warps. */
const ATTENTION = "attention: 20 tokens, head size 64, in bf16";

/**
 * Kernels that ship, each with a contract case that runs them: without any one of their barriers they must race, but for
 * a last one that only keeps what comes next apart, where nothing does.
 */
const KERNELS: readonly (readonly [file: KernelFile, kernel: string, title: string, spare?: number])[] = [
  ["matmul", "matmul64_f32_f32_f32", "matmul: a·b, 67×129×33"],
  ["attention", "attention64_f32", "attention: 71 tokens, head size 32"],
  ["attentionGrad", "attentionKeyValueGrad64_f32", "attention: 71 tokens, head size 32"],
  ["reductions", "sumSquaresChunks_f32", "sumSquares: 40,003 elements and 1,037", 1],
  ["embedding", "embeddingGradCount", "embedding: 131 ids, 67 channels"],
  ["matmulBf16", "matmulBf16_nn_bf16", PRODUCT],
  ["matmul", "matmul64_bf16_bf16_bf16", "matmul: a·b, 37×23×19, to bf16, in bf16"],
  ["attention", "attention64_bf16", "attention: 71 tokens, head size 24, in bf16"],
  ["flashAttention", "flashAttention64_bf16", ATTENTION],
  ["flashAttentionGrad", "flashAttentionQueryGrad64_bf16", ATTENTION],
  ["flashAttentionGrad", "flashAttentionKeyValueGrad64_bf16", ATTENTION],
  ["flashAttentionGrad", "flashAttentionKeyGrad256_bf16", "attention: 20 tokens, head size 256, in bf16"],
  ["flashAttentionGrad", "flashAttentionValueGrad256_bf16", "attention: 20 tokens, head size 256, in bf16"],
  ["attentionGrad", "attentionQueryGrad64_bf16", "attention: 71 tokens, head size 24, in bf16"],
  ["sample", "advance", "advance: step 3 of 4, 300 rows"],
];

/** The lines of a kernel's barriers, from 0. */
function barriersOf(lines: readonly string[], kernel: string): number[] {
  const start = lines.findIndex((line) => line.includes(`.entry ${kernel}(`));
  const end = lines.findIndex((line, at) => at > start && line === "}");
  return lines.map((_, at) => at).filter((at) => at > start && at < end && lines[at]!.includes("bar.sync"));
}

/** Runs a contract case, forward and backward, on kernels of which one file is replaced. */
async function runOn(file: KernelFile, text: string, title: string): Promise<Results> {
  const test = [...CASES, ...bf16Cases].find((one) => one.title === title);
  assert.ok(test !== undefined, `no case ${title}`);
  const device = interpreter.open(0);
  const load = device.loadModule.bind(device);
  device.loadModule = (ptx) => {
    const [, kernel = ""] = /\.entry (\w+)\(/.exec(ptx) ?? [];
    return load(ptx === kernelPtx(file, kernel) ? ptxOf(text, kernel) : ptx);
  };
  const backend = new CudaBackend(device);
  const { forward, backward, inputs } = prepare(test);
  const results = await runCase(backend, test, forward, inputs);
  return backward === undefined ? results : { ...results, ...(await runCase(backend, test, backward, inputs)) };
}

describe("ptx: kernels that ship, without one of their barriers", () => {
  for (const [file, kernel, title, spare = 0] of KERNELS) {
    it(`${kernel} races`, async () => {
      const lines = kernelText(file).split("\n");
      const barriers = barriersOf(lines, kernel).slice(0, -spare || undefined);
      assert.ok(barriers.length > 0);
      for (const barrier of barriers) {
        const text = lines.map((line, at) => (at === barrier ? "" : line)).join("\n");
        await assert.rejects(
          () => runOn(file, text, title),
          (error) => error instanceof KernelFault && error.kind === "race" && error.place.kernel === kernel,
          `line ${barrier + 1}: ${lines[barrier]!.trim()}`,
        );
      }
    });
  }
});

/** A mistake that a matrix kernel's author makes, as a change of the first of its instructions of a kind, or of all. */
type Mistake = readonly [what: string, instruction: RegExp, mistake: (line: string) => string, which?: "all"];

const OF_ALL: readonly Mistake[] = [
  [
    "two registers of a fragment of a in each other's place",
    /mma\.sync/,
    (line) => line.replace(/(\}, *\{)(%r\d+), *(%r\d+)/, "$1$3, $2"),
  ],
  [
    "the halves of a fragment of b in each other's place",
    /mma\.sync/,
    (line) => line.replace(/\{(%r\d+), *(%r\d+)\}/, "{$2, $1}"),
  ],
  ["a fragment that is not transposed", /ldmatrix.*\.trans/, (line) => line.replace(".trans", "")],
  ["a fragment from a row of chunks further on", /ldmatrix/, (line) => line.replace(/\[(%r\d+)\]/, "[$1+16]")],
  ["a copy to the place beside its own", /cp\.async\.cg/, (line) => line.replace(/\[(%r\d+)\]/, "[$1+16]")],
  ["no wait for the copies", /cp\.async\.wait_group/, () => ""],
];

const OF_PRODUCTS: readonly Mistake[] = [
  ...OF_ALL,
  ["a result stored beside its place", /st\.global\.(b|u)16/, (line) => line.replace(/\[(%rd\d+)\]/, "[$1+2]"), "all"],
  ["a row and a column too many", /setp\.ge\.s32/, (line) => line.replace(".ge.", ".gt."), "all"],
];

const OF_ATTENTION: readonly Mistake[] = [
  ...OF_ALL,
  ["a result stored beside its place", /st\.global\.(b|u)32/, (line) => line.replace(/\[(%rd\d+)\]/, "[$1+4]"), "all"],
  ["a key too many", /setp\.lt\.s32.*, 17;/, (line) => line.replace(", 17;", ", 16;")],
  ["the largest score of another row", /shfl\.sync\.bfly/, (line) => line.replace(".bfly", ".idx")],
];

const OF_GRADIENT: readonly Mistake[] = [
  ["a fragment that is not transposed", /ldmatrix.*\.trans/, (line) => line.replace(".trans", "")],
  ["no wait for the copies", /cp\.async\.wait_group/, () => ""],
  ["a hidden score that counts", /selp.*0fFF800000/, (line) => line.replace("0fFF800000", "0f00000000")],
];

for (const [what, file, kernel, title, mistakes] of [
  ["product", "matmulBf16", "matmulBf16_nn_bf16", PRODUCT, OF_PRODUCTS],
  ["attention", "flashAttention", "flashAttention64_bf16", ATTENTION, OF_ATTENTION],
  ["gradient by keys", "flashAttentionGrad", "flashAttentionKeyValueGrad64_bf16", ATTENTION, OF_GRADIENT],
] as const) {
  describe(`ptx: the ${what} on tensor cores, with a mistake`, () => {
    const lines = kernelText(file).split("\n");
    const start = lines.findIndex((line) => line.includes(`.entry ${kernel}(`));
    const end = lines.findIndex((line, at) => at > start && line === "}");
    let right: Results;
    before(async () => (right = await runOn(file, kernelText(file), title)));

    for (const [what, instruction, mistake, which] of mistakes) {
      it(`is caught: ${what}`, async () => {
        const places = lines.flatMap((line, at) => (at > start && at < end && instruction.test(line) ? [at] : []));
        const changed = new Set(which === "all" ? places : places.slice(0, 1));
        const text = lines.map((line, at) => (changed.has(at) ? mistake(line) : line)).join("\n");
        assert.notEqual(text, kernelText(file));
        // Either the interpreter sees it, or the numbers do.
        await assert.rejects(
          async () => {
            const wrong = await runOn(file, text, title);
            for (const [name, data] of Object.entries(right)) assertClose(name, wrong[name], data, 2e-5);
          },
          (error) => [KernelFault, PtxError, assert.AssertionError].some((kind) => error instanceof kind),
        );
      });
    }
  });
}
