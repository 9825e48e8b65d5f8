import type { BackendDeclaration } from "../declaration.ts";

/** NVIDIA cards, through their driver alone. */
export const cuda = {
  name: "cuda",
  title: "CUDA",
  description: "for NVIDIA cards, from Ampere on",
  revision: 4,
  precisions: ["bf16", "f32"],
} as const satisfies BackendDeclaration;
