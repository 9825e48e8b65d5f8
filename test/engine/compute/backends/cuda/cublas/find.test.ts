import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type CublasPlaces,
  type CublasSearch,
  cublasParts,
  findCublas,
} from "../../../../../../engine/compute/backends/cuda/cublas/find.ts";
import { hasCompiler } from "../compiler.ts";
import { type StandIn, compileStandIn } from "./standIn.ts";

const CUDA_12 = 12_040;
const CUDA_13 = 13_000;

if (process.platform === "linux" && hasCompiler()) {
  describe("the search for cuBLASLt", () => {
    let root: string;
    let places: CublasPlaces;

    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), "salsa-find-"));
      places = {
        ...{ platform: "linux", home: join(root, "home"), asksLoader: false, toolkits: join(root, "cuda") },
        env: { PATH: `${join(root, "venv/bin")}:relative/bin` },
        pythons: [join(root, "conda")],
      };
    });
    afterEach(() => rmSync(root, { recursive: true }));

    /** A library below the root, and its file. */
    const put = (path: string, differences?: StandIn): string => {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      return compileStandIn(file, differences);
    };
    const text = (path: string): string => {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, "");
      return file;
    };
    const find = (newestCuda = CUDA_12, env: CublasPlaces["env"] = places.env): CublasSearch =>
      findCublas(newestCuda, { ...places, env });

    it("looks in toolkits, in Pythons of the path and in usual ones, in this order", () => {
      const inHome = put("home/.pyenv/versions/3.12/lib/python3.12/site-packages/nvidia/cublas/lib/libcublasLt.so.12");
      assert.deepEqual(find().found, { file: inHome, version: "12.9.3" });
      const conda = put("conda/lib/python3.11/site-packages/nvidia/cu13/lib/libcublasLt.so.13", { VERSION: 131000 });
      assert.deepEqual(find().found, { file: conda, version: "13.10.0" });
      const venv = put("venv/lib/python3.12/site-packages/nvidia/cublas/lib/libcublasLt.so.12");
      assert.equal(find().found?.file, conda);
      text("venv/bin/python3");
      assert.equal(find().found?.file, venv);
      const toolkit = put("cuda-12.4/lib64/libcublasLt.so.12");
      assert.equal(find().found?.file, toolkit);
      assert.deepEqual(find().passedOver, []);
    });

    it("asks the system's loader first, by the names of the versions that the driver takes", () => {
      const folder = dirname(put("loader/libcublasLt.so.12"));
      put("loader/libcublasLt.so.13", { VERSION: 130_001, CUDART: 13_000 });
      const module = join(import.meta.dirname, "../../../../../../engine/compute/backends/cuda/cublas/find.ts");
      const found = (newestCuda: number): unknown => {
        const script =
          `import { findCublas } from ${JSON.stringify(module)};` +
          `process.stdout.write(JSON.stringify(findCublas(${newestCuda}).found));`;
        const env = { PATH: "/none", LD_LIBRARY_PATH: folder, HOME: root };
        const args = ["--input-type=module", "-e", script];
        return JSON.parse(execFileSync(process.execPath, args, { env, encoding: "utf8" }));
      };
      assert.deepEqual(found(CUDA_12), { file: "libcublasLt.so.12", version: "12.9.3" });
      assert.deepEqual(found(CUDA_13), { file: "libcublasLt.so.13", version: "13.0.1" });
    });

    it("prefers the newest of a folder that the driver takes, and says why it passes over others", () => {
      const old = put("cuda/lib64/libcublasLt.so.11", { VERSION: 12_103, CUDART: 11_080 });
      assert.deepEqual(find(), {
        passedOver: [{ file: old, reason: "it is of CUDA 11; 12 or newer is taken" }],
        isOff: false,
      });
      const [twelve, thirteen] = [
        put("cuda/lib64/libcublasLt.so.12"),
        put("cuda/lib64/libcublasLt.so.13", { VERSION: 130_001, CUDART: 13_000 }),
      ];
      assert.deepEqual(find(CUDA_13).found, { file: thirteen, version: "13.0.1" });
      assert.deepEqual(find(), {
        found: { file: twelve, version: "12.9.3" },
        passedOver: [{ file: thirteen, reason: "it is of CUDA 13, and the driver knows 12" }],
        isOff: false,
      });
    });

    it("passes over what cannot be loaded, is another library, or lacks a function", () => {
      const broken = text("cuda/lib64/libcublasLt.so.12");
      const other = put("cuda-1/lib64/libcublasLt.so.12", { LACKS: 1 });
      const { found, passedOver } = find();
      assert.equal(found, undefined);
      assert.deepEqual(
        passedOver.map(({ file }) => file),
        [broken, other],
      );
      assert.match(passedOver[0]?.reason ?? "", /file too short/);
      assert.match(passedOver[1]?.reason ?? "", /it lacks a function: .*cublasLtMatmul\b/);
      const libc = find(CUDA_12, { SALSA_CUBLAS_PATH: "libc.so.6" });
      assert.deepEqual(libc.passedOver, [{ file: "libc.so.6", reason: "it is no cuBLASLt" }]);
    });

    it("takes the file or the folder that the environment names, and nothing else", () => {
      put("cuda/lib64/libcublasLt.so.12");
      const named = put("mine/libcublasLt.so.12", { VERSION: 120_100 });
      for (const path of [named, dirname(named)]) {
        assert.deepEqual(find(CUDA_12, { SALSA_CUBLAS_PATH: path }).found, { file: named, version: "12.1.0" });
      }
      const missing = join(root, "none/libcublasLt.so.12");
      const { found, passedOver } = find(CUDA_12, { SALSA_CUBLAS_PATH: missing });
      assert.equal(found, undefined);
      assert.deepEqual([passedOver.length, passedOver[0]?.file], [1, missing]);
      assert.match(passedOver[0]?.reason ?? "", /No such file/);
      assert.deepEqual(find(CUDA_12, { SALSA_CUBLAS_PATH: "off" }), { passedOver: [], isOff: true });
    });

    it("is listed by doctor with place, version and what helps", () => {
      const file = put("cuda/lib64/libcublasLt.so.12");
      assert.deepEqual(cublasParts(find()), [{ name: "cuBLASLt", isThere: true, detail: `12.9.3, ${file}` }]);
      const old = put("cuda/lib64/libcublasLt.so.13", { VERSION: 12_103, CUDART: 11_080 });
      const [first, second] = cublasParts(find());
      assert.equal(second?.isThere, true);
      assert.deepEqual(
        [first?.isThere, first?.detail],
        [false, `${old} is passed over: it is of CUDA 11; 12 or newer is taken`],
      );
      assert.match(first?.remedy ?? "", /SALSA_CUBLAS_PATH.*salsa\.cublasPath.*off$/);
      const [none, ...more] = cublasParts({ passedOver: [], isOff: false });
      assert.deepEqual([none?.isThere, more.length], [false, 0]);
      assert.equal(none?.detail, "not found: the engine's own kernels multiply matrices");
      assert.match(none.remedy ?? "", /^optional, .*pip install nvidia-cublas-cu12/);
      const detail = "off, by SALSA_CUBLAS_PATH: the engine's own kernels multiply matrices";
      assert.deepEqual(cublasParts({ passedOver: [], isOff: true }), [{ name: "cuBLASLt", isThere: true, detail }]);
    });
  });
}
