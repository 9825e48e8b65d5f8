import type { BackendDeclaration } from "../declaration.ts";

/** Whatever TensorFlow.js runs on. */
export const tfjs = {
  name: "tfjs",
  title: "TensorFlow.js",
  description: "TensorFlow.js, with its GPU build where that is installed",
  revision: 1,
  precisions: ["f32", "bf16"],
} as const satisfies BackendDeclaration;
