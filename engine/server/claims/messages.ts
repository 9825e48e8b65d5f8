import type { SeedRequest } from "../../pipeline/claims/index.ts";

/** Messages to the process of a base seed: its work, once, and to stop. It travels as JSON. */
export type SeedOrder = { readonly kind: "measure"; readonly request: SeedRequest } | { readonly kind: "stop" };

/** Its answers: how far it is, and how it ended. Its measurements are on the disk. */
export type SeedAnswer =
  | { readonly kind: "progress"; readonly fraction: number; readonly stage: string }
  | { readonly kind: "measured" | "stopped" }
  | { readonly kind: "failed"; readonly error: string; readonly message: string };
