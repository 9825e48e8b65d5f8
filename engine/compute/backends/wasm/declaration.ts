import type { BackendDeclaration } from "../declaration.ts";

/** The processor, by kernels of our own. */
export const wasm = {
  name: "wasm",
  title: "WebAssembly",
  description: "the fast one for processors",
  revision: 1,
  precisions: ["f32"],
} as const satisfies BackendDeclaration;
