import { createTfjsBackend } from "../compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../compute/backends/wasm/index.ts";
import type { Backend } from "../compute/backend.ts";
import type { RuntimeConfig } from "../config/index.ts";
import type { BackendIdentity } from "./resolve.ts";

/** Starts the backend that a config asks for; to be closed by the caller. */
export async function openBackend({ backend, threads }: Pick<RuntimeConfig, "backend" | "threads">): Promise<Backend> {
  switch (backend) {
    case "wasm":
      return createWasmBackend(threads === 0 ? {} : { threads });
    case "tfjs":
      return createTfjsBackend();
  }
}

/** What a config's runs are computed by, as it stands in the keys of their results. */
export function backendIdentity({ backend }: Pick<RuntimeConfig, "backend">): BackendIdentity {
  return { name: backend, revision: 1 };
}
