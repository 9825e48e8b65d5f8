import type { TrainedKind } from "../../config/trainedKinds.ts";

/** The part of a trainer that configs name: light enough for their schema. */
export interface DeclaredTrainer<N extends string = string> {
  /** As configs, keys and folders have it. */
  readonly name: N;
  readonly title: string;
  /** The release that its tables are made for, and no other. */
  readonly version: string;
  /** For the config, at the choice of it. */
  readonly meaning: string;
  /** Kinds of stages that it has a program for. */
  readonly kinds: readonly TrainedKind[];
}
