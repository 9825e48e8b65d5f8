import { formatBytes } from "../common/format.ts";
import { PROCESS_BYTES } from "../common/memory.ts";
import type { PlannedStage } from "../protocol/toolOutput.ts";

/** Weights, gradient and two moments, of four bytes. */
const TRAINED_BYTES = 16;

/** Limits that a plan is compared with, and the settings that memory depends on. */
export interface MemoryPlace {
  readonly backend: string;
  /** That the backend can hold; Infinity where only the machine's memory bounds it. */
  readonly maxBytes: number;
  /** Of the machine. */
  readonly machineBytes: number;
  readonly gradientCheckpointing: boolean;
  readonly frozenWeights: "asStored" | "bf16";
  /** True where adapters are trained in place of whole models. */
  readonly hasAdapters: boolean;
}

/** Says that the largest stage that is still to be made does not fit, and which setting to change; else undefined. */
export function memoryAdvice(
  stages: readonly PlannedStage[],
  place: MemoryPlace,
  nameOf: (id: string) => string,
): string | undefined {
  const left = stages.filter(({ cached }) => !cached);
  const largest = left.toSorted((a, b) => b.memoryBytes - a.memoryBytes)[0];
  if (largest === undefined) return undefined;
  const { memoryBytes } = largest;
  const { backend, maxBytes, machineBytes } = place;
  const limit = Math.min(maxBytes, machineBytes - PROCESS_BYTES);
  if (memoryBytes <= limit) return undefined;
  const what =
    memoryBytes > maxBytes
      ? `${backend} holds ${formatBytes(maxBytes)}, which is too little`
      : `this machine has ${formatBytes(machineBytes)}, which is too little`;
  return `${what} for ${nameOf(largest.id)}: ${remedyFor(largest, place, limit)}`;
}

const SMALLER = "choose a smaller model";
const BF16 = 'set runtime.frozenWeights to "bf16"';

/** In the order of what costs least. */
function remedyFor({ batchSetting, parameters }: PlannedStage, place: MemoryPlace, limit: number): string {
  const size = batchSetting?.join(".");
  if (parameters * (size === undefined ? 4 : TRAINED_BYTES) > limit) {
    return size === undefined || place.hasAdapters ? SMALLER : `train adapters (model.lora), or ${SMALLER}`;
  }
  if (place.hasAdapters && place.frozenWeights !== "bf16") return BF16;
  if (size !== undefined && !place.gradientCheckpointing) return "set runtime.gradientCheckpointing to true";
  if (size !== undefined) return `lower ${size} and raise gradientAccumulation by the same factor`;
  if (place.frozenWeights !== "bf16") return BF16;
  return "lower maxNewTokens or shorten the longest prompts";
}
