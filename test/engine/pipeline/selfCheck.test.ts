import assert from "node:assert/strict";
import { BackendUnavailableError } from "../../../engine/compute/backends/choose.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import type { WeightType } from "../../../engine/compute/graph/dtype.ts";
import { checkAgainst } from "../../../engine/pipeline/selfCheck.ts";
import { interpreter } from "../../ptx/driver.ts";

const reference = () => createWasmBackend({ threads: 1 });

/** A card whose driver makes something else of the kernels. */
function cardThat(misreads: (ptx: string) => string, precision: WeightType = "f32"): CudaBackend {
  const device = interpreter.open(0);
  const load = device.loadModule.bind(device);
  return new CudaBackend(Object.assign(device, { loadModule: (ptx: string) => load(misreads(ptx)) }), { precision });
}

describe("a backend's check of itself", () => {
  for (const [name, open] of [
    ["tfjs", () => createTfjsBackend()],
    ["tfjs in bf16", () => createTfjsBackend({ precision: "bf16" })],
    ["cuda, interpreted", () => Promise.resolve(cardThat((ptx) => ptx))],
    ["cuda in bf16, interpreted", () => Promise.resolve(cardThat((ptx) => ptx, "bf16"))],
  ] as const) {
    it(`is passed by ${name}`, async () => {
      const backend = await open();
      await checkAgainst(reference, backend);
      await backend.close();
    });
  }

  const noRoot = (kernel: string) => (ptx: string) =>
    ptx.includes(kernel) ? ptx.replaceAll("sqrt.rn.f32", "mov.f32") : ptx;
  /** The first two registers of a's fragments in each other's place: rows of the lower half for those of the upper. */
  const mixedUp = (ptx: string): string => ptx.replaceAll(/(mma\.sync[^;]*?\}, *\{)(%r\d+), *(%r\d+)/g, "$1$3, $2");
  for (const [what, misreads, precision] of [
    ["norms take no root", noRoot("rmsNorm"), "f32"],
    ["AdamW takes no root", noRoot("adamw"), "f32"],
    ["tensor cores are given mixed-up fragments", mixedUp, "bf16"],
  ] as const) {
    it(`refuses a card where ${what}, with the number that differs and what to do`, async () => {
      const backend = cardThat(misreads, precision);
      await assert.rejects(checkAgainst(reference, backend), (error) => {
        assert.ok(error instanceof BackendUnavailableError);
        assert.match(error.message, /^runtime\.backend cuda: computes .+ as .+, where wasm has .+ wasm; please/);
        return true;
      });
      await backend.close();
    });
  }
});
