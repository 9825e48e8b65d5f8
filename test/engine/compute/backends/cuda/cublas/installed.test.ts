import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findCublas } from "../../../../../../engine/compute/backends/cuda/cublas/find.ts";
import { LibCublasLt } from "../../../../../../engine/compute/backends/cuda/cublas/libcublasLt.ts";
import { HEURISTIC, NUMBERS } from "../../../../../../engine/compute/backends/cuda/cublas/numbers.ts";

/** Newer than any: whatever is installed is looked at, needing no card. */
const { found } = findCublas(19_000);

if (found !== undefined) {
  describe(`the cuBLASLt of this machine, ${found.version}`, () => {
    const library = new LibCublasLt(found.file);

    it("has the functions that we call, and says its version", () => {
      assert.match(library.version, /^1[2-9]\.\d+\.\d+$/);
      assert.ok(library.cuda >= 12_000);
    });

    it("takes our descriptors, with the sizes that we give", () => {
      const make = (name: Parameters<typeof library.try>[0], ...args: readonly unknown[]): bigint => {
        const made = new BigUint64Array(1);
        assert.equal(library.try(name, made, ...args), NUMBERS.CUBLAS_STATUS_SUCCESS);
        return made[0] ?? 0n;
      };
      const operation = make("cublasLtMatmulDescCreate", NUMBERS.CUBLAS_COMPUTE_32F, NUMBERS.CUDA_R_32F);
      const set = (attribute: number, value: Int32Array | BigUint64Array): number =>
        library.try("cublasLtMatmulDescSetAttribute", operation, attribute, value, value.byteLength);
      assert.equal(set(NUMBERS.CUBLASLT_MATMUL_DESC_TRANSA, Int32Array.of(NUMBERS.CUBLAS_OP_T)), 0);
      assert.equal(set(NUMBERS.CUBLASLT_MATMUL_DESC_EPILOGUE, Int32Array.of(NUMBERS.CUBLASLT_EPILOGUE_BIAS)), 0);
      assert.equal(set(NUMBERS.CUBLASLT_MATMUL_DESC_BIAS_POINTER, BigUint64Array.of(256n)), 0);
      assert.notEqual(set(NUMBERS.CUBLASLT_MATMUL_DESC_TRANSB, BigUint64Array.of(1n)), 0);
      const layout = make("cublasLtMatrixLayoutCreate", NUMBERS.CUDA_R_16BF, 40, 2 ** 33, 48);
      const preference = make("cublasLtMatmulPreferenceCreate");
      const prefer = (attribute: number, value: Uint32Array | BigUint64Array): number =>
        library.try("cublasLtMatmulPreferenceSetAttribute", preference, attribute, value, value.byteLength);
      assert.equal(prefer(NUMBERS.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, BigUint64Array.of(2n ** 25n)), 0);
      assert.notEqual(prefer(NUMBERS.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, Uint32Array.of(2 ** 25)), 0);
      for (const [name, attribute] of Object.entries(NUMBERS)) {
        if (/PREF_(MIN|REDUCTION)/.test(name)) assert.equal(prefer(attribute, Uint32Array.of(2)), 0, name);
      }
      assert.equal(library.try("cublasLtMatmulPreferenceDestroy", preference), 0);
      assert.equal(library.try("cublasLtMatrixLayoutDestroy", layout), 0);
      assert.equal(library.try("cublasLtMatmulDescDestroy", operation), 0);
    });

    const headers = join(dirname(found.file), "../include");
    if (existsSync(join(headers, "cublasLt.h"))) {
      it("has in its headers the numbers that we call it with", () => {
        const text = ["cublasLt.h", "cublas_api.h"].map((name) => readFileSync(join(headers, name), "utf8")).join("\n");
        for (const [name, number] of Object.entries(NUMBERS)) {
          // Types of data stand in a header of the toolkit.
          if (name.startsWith("CUDA_R")) continue;
          const value = new RegExp(String.raw`\b${name} = (\w+)\b`).exec(text)?.[1];
          assert.equal(Number(value), number, name);
        }
        const [, result = ""] = /typedef struct \{([^}]*)\} cublasLtMatmulHeuristicResult_t/.exec(text) ?? [];
        const fields = result.match(/^ {2}\w+ \w+(\[\d+\])?;/gm)?.map((line) => line.trim());
        assert.deepEqual(fields, [
          "cublasLtMatmulAlgo_t algo;",
          "size_t workspaceSize;",
          "cublasStatus_t state;",
          "float wavesCount;",
          "int reserved[4];",
        ]);
        assert.match(text, /typedef struct \{\s*uint64_t data\[8\];\s*\} cublasLtMatmulAlgo_t;/);
        assert.deepEqual({ ...HEURISTIC }, { bytes: 96, algorithmBytes: 64, workspaceAt: 64, stateAt: 72 });
      });
    }
  });
}
