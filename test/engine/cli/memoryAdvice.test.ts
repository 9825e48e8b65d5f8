import assert from "node:assert/strict";
import { type MemoryPlace, memoryAdvice } from "../../../engine/cli/memoryAdvice.ts";
import type { PlannedStage } from "../../../engine/protocol/toolOutput.ts";
import { planned } from "../../extension/plannedStage.ts";

const GIB = 2 ** 30;
const PLACE: MemoryPlace = {
  backend: "wasm",
  maxBytes: 4 * GIB,
  machineBytes: 16 * GIB,
  gradientCheckpointing: false,
  frozenWeights: "asStored",
  hasAdapters: false,
};

function stage(kind: string, more: Partial<PlannedStage> = {}): PlannedStage {
  return planned(kind, { kind, memoryBytes: 6 * GIB, ...more });
}

function training(kind: string, more: Partial<PlannedStage> = {}): PlannedStage {
  return stage(kind, { batchSetting: [kind, "batchSize"], ...more });
}

function advice(stages: readonly PlannedStage[], place: Partial<MemoryPlace> = {}): string | undefined {
  return memoryAdvice(stages, { ...PLACE, ...place }, (id) => id);
}

describe("memory advice", () => {
  it("is none where everything fits or is made already", () => {
    assert.equal(advice([stage("sft", { memoryBytes: GIB }), stage("rlhf", { cached: true })]), undefined);
  });

  it("names the checkpointing of gradients first, then the batch, for a training", () => {
    const few = "wasm holds 4.0 GiB, which is too little for sft: ";
    assert.equal(advice([training("sft")]), `${few}set runtime.gradientCheckpointing to true`);
    const lower = `${few}lower sft.batchSize and raise gradientAccumulation by the same factor`;
    assert.equal(advice([training("sft")], { gradientCheckpointing: true }), lower);
  });

  it("names the setting that a stage of any kind says its memory grows with", () => {
    const distillation = stage("distillation", { batchSetting: ["distill", "rows"] });
    assert.match(advice([distillation], { gradientCheckpointing: true }) ?? "", /: lower distill\.rows and raise /);
  });

  it("names bf16 weights for a stage that reads, and a smaller model where nothing else helps", () => {
    assert.match(advice([stage("answers")]) ?? "", /set runtime\.frozenWeights to "bf16"$/);
    assert.match(advice([stage("answers", { parameters: 2 * GIB })]) ?? "", /: choose a smaller model$/);
  });

  it("names adapters for a training that nothing else makes room for, and bf16 weights below them", () => {
    const large = [training("rlhf", { parameters: GIB })];
    assert.match(advice(large) ?? "", /train adapters \(model\.lora\), or choose a smaller model$/);
    assert.match(advice(large, { hasAdapters: true }) ?? "", /: choose a smaller model$/);
    assert.match(advice([training("sft")], { hasAdapters: true }) ?? "", /set runtime\.frozenWeights to "bf16"$/);
  });

  it("holds the machine's memory against models and process together", () => {
    const place = { maxBytes: Infinity, machineBytes: 6.1 * GIB };
    assert.match(advice([training("sft")], place) ?? "", /^this machine has 6\.1 GiB, which is too little for sft: /);
  });
});
