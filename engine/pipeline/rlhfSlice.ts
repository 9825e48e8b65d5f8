import type { TaskConfig } from "../config/index.ts";
import type { BaseInput, LoraSlice } from "./adapterFolder.ts";
import type { PpoConfig } from "./armSettings.ts";
import type { ChatSlice, TemplateInput } from "./chatChoice.ts";
import type { FrozenSlice, SaveSlice } from "./modelFolder.ts";
import type { Artifact, DataFile } from "./stage.ts";
import type { WatchSlice } from "./winRatePanel.ts";

/** Inputs of a training. */
export type RlhfInputs = TemplateInput &
  BaseInput & {
    readonly init: Artifact;
    readonly reference: readonly Artifact[];
    readonly reward: Artifact;
    readonly data: DataFile | undefined;
    /** Of the judge that compares the policy with its start, where it has one of its own. */
    readonly prompt?: DataFile;
  };

/** All that a training depends on beside its inputs. */
export interface RlhfSlice extends FrozenSlice, LoraSlice, ChatSlice, SaveSlice, WatchSlice {
  /** The arm's settings, with one β. */
  readonly arm: PpoConfig;
  readonly task: TaskConfig | undefined;
  /** Prompts that are kept back at the end of the file; 0 where their number changes nothing. */
  readonly validationPrompts: number;
  readonly seed: number;
}
