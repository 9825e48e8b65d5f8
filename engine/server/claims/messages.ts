import type { SeedRequest } from "../../pipeline/claims/index.ts";

/** What the process of a base seed is told: its work, once, and to stop. It travels as JSON. */
export type SeedOrder = { readonly kind: "measure"; readonly request: SeedRequest } | { readonly kind: "stop" };

/** What it answers: how far it is, and how it ended. What it measured is on the disk. */
export type SeedAnswer =
  | { readonly kind: "progress"; readonly fraction: number; readonly stage: string }
  | { readonly kind: "measured" | "stopped" }
  | { readonly kind: "failed"; readonly error: string; readonly message: string };
