import type { SeedRequest } from "../../pipeline/claims/index.ts";

/** Messages to the process of a base seed: its work, once, and to stop. It travels as JSON. */
export type SeedOrder = { readonly kind: "measure"; readonly request: SeedRequest } | { readonly kind: "stop" };

/** Its answers: how far it is, and how it ended. Its measurements are on the disk. */
export type SeedAnswer =
  | ({ readonly kind: "progress" } & SeedProgress)
  | { readonly kind: "measured" | "stopped" }
  | { readonly kind: "failed"; readonly error: string; readonly message: string };

/** How far the present run of a seed is: its first, or one that widens lists of β. */
export interface SeedProgress {
  /** 0 to 1. */
  readonly fraction: number;
  /** Absent until some of it is done. */
  readonly secondsLeft?: number;
  /** The one that runs, or ran last; empty before the first. */
  readonly stage: string;
}
