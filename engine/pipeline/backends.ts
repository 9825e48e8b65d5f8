import { createTfjsBackend } from "../compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../compute/backends/wasm/index.ts";
import type { Backend } from "../compute/backend.ts";
import type { RuntimeConfig } from "../config/index.ts";

/** Starts the backend that a config asks for; to be closed by the caller. */
export async function openBackend({ backend, threads }: Pick<RuntimeConfig, "backend" | "threads">): Promise<Backend> {
  switch (backend) {
    case "wasm":
      return createWasmBackend(threads === 0 ? {} : { threads });
    case "tfjs":
      return createTfjsBackend();
  }
}
