import type { BackendDeclaration } from "../declaration.ts";

/** NVIDIA cards, through their driver alone. */
export const cuda = {
  name: "cuda",
  title: "CUDA",
  description: "for NVIDIA cards, from Ampere on",
  revision: 1,
} as const satisfies BackendDeclaration;
