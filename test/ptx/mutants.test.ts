import assert from "node:assert/strict";
import { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import { kernelText, type KernelFile } from "../../engine/compute/backends/cuda/kernelText.ts";
import { prepare, runCase } from "../contract/case.ts";
import { CASES } from "../contract/cases/index.ts";
import { interpreter } from "./driver.ts";
import { KernelFault } from "./errors.ts";

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
];

/** The lines of a kernel's barriers, from 0. */
function barriersOf(lines: readonly string[], kernel: string): number[] {
  const start = lines.findIndex((line) => line.includes(`.entry ${kernel}(`));
  const end = lines.findIndex((line, at) => at > start && line === "}");
  return lines.map((_, at) => at).filter((at) => at > start && at < end && lines[at]!.includes("bar.sync"));
}

/** Runs a contract case, forward and backward, on kernels of which one file is replaced. */
async function runOn(file: KernelFile, text: string, title: string): Promise<void> {
  const test = CASES.find((one) => one.title === title);
  assert.ok(test !== undefined, `no case ${title}`);
  const device = interpreter.open(0);
  const load = device.loadModule.bind(device);
  device.loadModule = (ptx) => load(ptx === kernelText(file) ? text : ptx);
  const backend = new CudaBackend(device);
  const { forward, backward, inputs } = prepare(test);
  await runCase(backend, test, forward, inputs);
  if (backward !== undefined) await runCase(backend, test, backward, inputs);
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
