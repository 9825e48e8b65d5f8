import assert from "node:assert/strict";
import { type RunConfig, parseConfig } from "../../../../engine/config/index.ts";
import { assertTrainedHere, trainersOf } from "../../../../engine/pipeline/openrlhf/trainerPlan.ts";
import type { PlannedStage } from "../../../../engine/protocol/toolOutput.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { planPipeline, trainerPlan } from "../../../../engine/pipeline/index.ts";
import { resolved, tiny } from "../tinyRun.ts";

const SHAPE = { nLayers: 32, hiddenSize: 4096, vocabularySize: 32_000, maxPositions: 4096 };
const GB = 2 ** 30;

function config(changes: object = {}): RunConfig {
  const written = {
    preset: "llama2-7b",
    data: { sft: "s.jsonl", preferences: "p.jsonl", prompts: "q.jsonl" },
    model: { checkpoint: "base" },
    rlhf: { klController: "fixed" },
    runtime: { cluster: { address: "http://head:8265", trainer: {} }, gradientCheckpointing: true },
    ...changes,
  };
  return parseConfig(JSON.stringify(written), "/w/large.salsa.json");
}

/** A stage of a 7B model that takes so much of a card. */
function stage(id: string, kind: string, gigabytes: number, more: Partial<PlannedStage> = {}): PlannedStage {
  const info = {
    id,
    kind,
    title: kind,
    product: id,
    role: "result" as const,
    makes: "model" as const,
    inputs: [],
    key: id,
    cached: false,
  };
  return { ...info, parameters: 6.74e9, memoryBytes: 0, cardBytes: gigabytes * GB, estimatedSeconds: 1, ...more };
}

describe("the plan of who trains a run's stages", () => {
  it("says for every stage that is still to be made who trains it, on what, and why", () => {
    const stages = [
      stage("sft-1", "sft", 130),
      stage("sft-2", "sft", 130),
      stage("reward", "reward", 60),
      stage("soup", "soup", 0),
      stage("ppo", "rlhf", 160, { cached: true }),
      stage("salsa", "rlhf", 160),
    ];
    const { lines, isPossible } = trainersOf(config(), stages, SHAPE);
    assert.ok(isPossible);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("OpenRLHF: ")),
      [
        "sft-1, sft-2: OpenRLHF 0.11.2, since it takes 130 GB on one card, more than a card of 80 GB holds; 56 GB on each of 2 cards",
        "reward: this engine, since it takes 60 GB on one card, and a card of 80 GB holds that",
        "salsa: OpenRLHF 0.11.2, since it takes 160 GB on one card, more than a card of 80 GB holds; 40 GB on each of 4 cards",
      ],
    );
    const differences = lines.filter((line) => line.startsWith("OpenRLHF: "));
    assert.ok(differences.some((line) => line.includes("clamped to ±10")));
    // The reward model is trained here.
    assert.ok(!differences.some((line) => line.includes("called score")));
    assert.equal(new Set(differences).size, differences.length);
  });

  it("refuses what OpenRLHF would have to do and cannot, and only that", () => {
    const several = config({ arms: { mkl: { reference: ["sft-1", "sft-2"] }, salsa: { reference: "soup" } } });
    const stages = [stage("mkl", "rlhf", 160), stage("salsa", "rlhf", 160)];
    const { lines, isPossible } = trainersOf(several, stages, SHAPE);
    assert.equal(isPossible, false);
    assert.ok(
      lines.some((line) => /^refused: arms\.mkl\.reference: has 2 models.*; name one/.test(line)),
      lines.join("\n"),
    );
    const small = [stage("mkl", "rlhf", 8), stage("salsa", "rlhf", 8)];
    assert.deepEqual(trainersOf(several, small, SHAPE), {
      lines: ["mkl, salsa: this engine, since it takes 8 GB on one card, and a card of 80 GB holds that"],
      isPossible: true,
    });
  });

  it("is held to by runs, which hand nothing to OpenRLHF yet", () => {
    const estimate = (
      planned: ReturnType<typeof stage>,
      cached = false,
    ): Parameters<typeof assertTrainedHere>[1][number] =>
      ({ stage: { info: planned }, cached, cost: planned }) as never;
    const [large, small] = [stage("salsa", "rlhf", 160), stage("sft-1", "sft", 1)];
    const base = { model: SHAPE } as never;
    assert.throws(
      () => assertTrainedHere(config(), [estimate(small), estimate(large)], base),
      /yet: salsa; .*use to "own"/,
    );
    assert.doesNotThrow(() => assertTrainedHere(config(), [estimate(small), estimate(large, true)], base));
  });

  it("says what is missing where a stage fits nowhere", () => {
    const few = config({ runtime: { cluster: { address: "http://head:8265", trainer: { cardsPerNode: 1 } } } });
    const { lines, isPossible } = trainersOf(few, [stage("salsa", "rlhf", 160)], SHAPE);
    assert.equal(isPossible, false);
    assert.match(lines[0] ?? "", /^salsa: nobody: .* of 1 cards; set runtime\.cluster\.trainer\.nodes, cardsPerNode/);
  });

  it("is made of a real plan", async () => {
    await inTemporaryFolder(async (folder) => {
      const asked = resolved(
        tiny({
          rlhf: { klController: "fixed" },
          runtime: { cluster: { address: "http://head:8265", trainer: { use: "openrlhf", cardsPerNode: 4 } } },
        }),
        folder,
      );
      const stages = await planPipeline(asked, { runsRoot: asked.runtime.directory });
      const { lines, isPossible } = await trainerPlan(asked, stages);
      assert.ok(isPossible, lines.join("\n"));
      const sent = lines.filter((line) => line.includes("OpenRLHF 0.11.2, since runtime.cluster.trainer.use"));
      assert.deepEqual(
        sent.map((line) => line.split(":")[0]),
        ["sft-1, sft-2, reward, ppo, salsa"],
      );
    });
  });
});
