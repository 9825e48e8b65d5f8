import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  ARCHITECTURES,
  KERNELS,
  type Resources,
  assemble,
  compileKernels,
  kernelFiles,
  ptxHash,
  recordedResources,
  sourceHash,
} from "../../engine/compute/backends/cuda/build.ts";
import { KERNEL_FILES, kernelPtx } from "../../engine/compute/backends/cuda/kernelText.ts";
import { findToolkit } from "../../engine/compute/backends/cuda/toolkit.ts";

/** Most registers a thread of the matrix kernels: blocks of 256 threads, two, and of 128, four or three, share 65,536. */
const MOST_REGISTERS: readonly (readonly [kernel: RegExp, registers: number])[] = [
  [/^matmulBf16_/, 128],
  [/^matmul64_/, 128],
  [/^matmul128_/, 255],
  [/^attention256_/, 168],
  [/^flashAttention(KeyValueGrad)?(32|64)_/, 168],
  [/^flashAttentionQueryGrad(32|64)_/, 128],
  [/^attention(QueryGrad|KeyValueGrad)?\d+_/, 128],
];
/** Static shared memory of the f32 products, in bytes: two tiles of 16 by 64 or 128, padded by four floats a row. */
const SHARED_BYTES: readonly (readonly [kernel: RegExp, bytes: number])[] = [
  [/^matmul64_/, 2 * 16 * (64 + 4) * 4],
  [/^matmul128_/, 2 * 16 * (128 + 4) * 4],
];
/** Compiled and assembled in seconds, where there is a toolkit. */
const SMALLEST = "gatedActivation";
const REMEDY = "compile them by node engine/compute/backends/cuda/build.ts";

const textOf = (name: string): string => readFileSync(join(KERNELS, `${name}.ptx`), "utf8");

describe("the CUDA kernels' PTX", () => {
  it("stands beside every source, and beside nothing else", () => {
    const compiled = readdirSync(KERNELS).filter((file) => file.endsWith(".ptx"));
    assert.deepEqual(
      compiled.sort(),
      kernelFiles().map((name) => `${name}.ptx`),
    );
  });

  for (const name of kernelFiles()) {
    it(`of ${name} is that of its source, for drivers from CUDA 11.8 and cards from Ampere on`, () => {
      const text = textOf(name);
      assert.equal(/^\/\/ sources: (\w+)$/m.exec(text)?.[1], sourceHash(name), `${name}.ptx is out of date: ${REMEDY}`);
      assert.match(text, /^\.version 7\.8\n\.target sm_80\n\.address_size 64$/m);
      assert.doesNotMatch(text, /^\.extern \.func/m, "kernels call nothing from outside");
      assert.doesNotMatch(text, /\b(atom|red)\.\S*\.(f16|bf16|f32|f64)\b/, "sums of floats have an order");
    });
  }

  it("can be taken apart: each kernel by itself, with what its file declares", () => {
    for (const file of KERNEL_FILES) {
      const text = textOf(file);
      const names = [...text.matchAll(/\.entry (\w+)\(/g)].map(([, one]) => one ?? "");
      const declared = kernelPtx(file, "").length;
      assert.match(
        kernelPtx(file, ""),
        /^(\/\/.*\n|\.(version|target|address_size|extern \.shared) .*\n|\s*(\/\/.*)?\n)*$/,
      );
      let bytes = declared;
      for (const name of names) {
        const one = kernelPtx(file, name);
        assert.deepEqual(
          [...one.matchAll(/\.entry (\w+)\(/g)].map(([, entry]) => entry),
          [name],
        );
        assert.match(one, /^\}$/m);
        bytes += one.length - declared;
      }
      assert.equal(bytes, text.length, `${file}: together they are the file`);
    }
  });

  it("gives every kernel a name of its own", () => {
    const names = kernelFiles().flatMap((name) => [...textOf(name).matchAll(/\.entry (\w+)\(/g)].map(([, one]) => one));
    assert.equal(new Set(names).size, names.length);
  });
});

describe("the CUDA kernels' resources", () => {
  const recorded = recordedResources();

  for (const name of kernelFiles()) {
    it(`of ${name} are on record for this PTX and every architecture, within bounds and without spilling`, () => {
      const [hash, entries] = [ptxHash(name), [...textOf(name).matchAll(/\.entry (\w+)\(/g)].map(([, one]) => one)];
      for (const arch of ARCHITECTURES) {
        const kernels = recorded.filter(({ file, architecture }) => file === name && architecture === arch);
        assert.deepEqual(kernels.map(({ kernel }) => kernel).sort(), entries.sort(), `${arch}: ${REMEDY}`);
        for (const one of kernels) {
          assert.equal(one.ptx, hash, `${name}.ptx has changed since: ${REMEDY}`);
          checkResources(one);
        }
      }
    });
  }
});

const toolkit = findToolkit();
if (toolkit !== undefined) {
  const { nvcc, ptxas } = toolkit;
  // All files take it two and a half minutes: that is for the build, whose record the tests above hold against the PTX.
  describe("the CUDA toolkit of this machine", () => {
    it("compiles a file to the very PTX, where it is of the same release", async () => {
      const [kept, now] = [textOf(SMALLEST), await compileKernels(nvcc, SMALLEST)];
      if (releaseOf(kept) === releaseOf(now)) assert.ok(kept === now, `${SMALLEST}.ptx differs`);
    });

    it("assembles a file for every architecture, within bounds and without spilling", async () => {
      const kernels = await assemble(ptxas, SMALLEST);
      assert.ok(kernels.length >= ARCHITECTURES.length);
      kernels.forEach(checkResources);
    });
  });
}

const releaseOf = (ptx: string): string | undefined => /compiled by nvcc (\S+);/.exec(ptx)?.[1];

function checkResources({ kernel, architecture, registers, spillBytes, sharedBytes }: Resources): void {
  const where = `${kernel} for ${architecture}`;
  assert.equal(spillBytes, 0, where);
  const most = MOST_REGISTERS.find(([name]) => name.test(kernel))?.[1] ?? 255;
  assert.ok(registers > 0 && registers <= most, `${where} takes ${registers} registers`);
  const shared = SHARED_BYTES.find(([name]) => name.test(kernel))?.[1];
  if (shared !== undefined) assert.equal(sharedBytes, shared, where);
}
