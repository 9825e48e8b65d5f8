import assert from "node:assert/strict";
import type { RunConfig } from "../../../engine/config/index.ts";
import { nearestFit, smallerConfigs } from "../../../engine/pipeline/cardFit.ts";
import { resolved, tiny } from "./tinyRun.ts";

const config = resolved(
  tiny({ arms: { ppo: {}, salsa: { minibatchSize: 2 } }, runtime: { gradientCheckpointing: false } }),
  "/nowhere",
);
/** As if its base came from a checkpoint, which adapters need. */
const withCheckpoint: RunConfig = { ...config, model: { checkpoint: "/models/base" } };

const texts = (one: RunConfig): readonly string[] => smallerConfigs(one).map(({ changes }) => changes.join("; "));

describe("ever smaller configs", () => {
  it("change first what costs time, then what is read, then batches, and in the end what is trained", () => {
    const all = texts(withCheckpoint);
    const first = "runtime.gradientCheckpointing true";
    const second = `${first}; runtime.frozenWeights "bf16"`;
    assert.deepEqual(all.slice(0, 2), [first, second]);
    assert.ok(all[2]?.startsWith(`${second}; sft.batchSize 2 with gradientAccumulation 2; `), all[2]);
    assert.match(all[2] ?? "", /rlhf\.minibatchSize 2 with gradientAccumulation 2; rlhf\.minibatchSize 1 with/);
    assert.match(all.at(-2) ?? "", /sft\.batchSize 1 with gradientAccumulation 4/);
    assert.equal(all.at(-1), `${all.at(-2) ?? ""}; model.lora { "rank": 16 }`);
  });

  it("learn from as many sequences a step as before", () => {
    for (const { config: smaller } of smallerConfigs(withCheckpoint)) {
      const { sft, arms } = smaller;
      assert.equal(sft.batchSize * sft.gradientAccumulation, config.sft.batchSize * config.sft.gradientAccumulation);
      for (const [name, arm] of Object.entries(arms)) {
        const own = config.arms[name];
        assert.equal(
          arm.minibatchSize * arm.gradientAccumulation,
          (own?.minibatchSize ?? 0) * (own?.gradientAccumulation ?? 0),
        );
        assert.equal(arm.batchSize, own?.batchSize);
      }
    }
  });

  it("leave batches alone that a grid sets", () => {
    const swept = resolved(tiny({ sft: { batchSize: { grid: [4, 8] } }, arms: { ppo: {} } }), "/nowhere");
    const all = texts(swept);
    assert.ok(all.length > 2 && all.every((text) => !text.includes("sft.batchSize")), all.join("\n"));
    assert.match(all.at(-1) ?? "", /reward\.batchSize 1 with/);
  });

  it("leave out what is set already, and adapters of a model that is made from nothing", () => {
    // Left open, checkpointing is chosen where it helps.
    for (const gradientCheckpointing of [true, undefined]) {
      const runtime = { ...config.runtime, gradientCheckpointing, frozenWeights: "bf16" as const };
      const all = texts({ ...config, runtime });
      assert.ok(all[0]?.startsWith("sft.batchSize 2"), all[0]);
      assert.ok(all.every((text) => !text.includes("runtime.") && !text.includes("lora")));
    }
  });
});

describe("the nearest config that fits", () => {
  /** Each change makes it smaller by one. */
  const bytesOf = (one: RunConfig): Promise<number> => {
    const { gradientCheckpointing, frozenWeights } = one.runtime;
    return Promise.resolve(
      10 - Number(gradientCheckpointing) - Number(frozenWeights === "bf16") - (4 - one.sft.batchSize),
    );
  };

  it("is the run's own where that fits", async () => {
    const fit = await nearestFit(config, 10, bytesOf);
    assert.deepEqual([fit.fits, fit.changes, fit.cardBytes, fit.config], [true, [], 10, config]);
  });

  it("is the first that fits, with what is changed", async () => {
    const fit = await nearestFit(config, 8, bytesOf);
    assert.deepEqual(fit.changes, ["runtime.gradientCheckpointing true", 'runtime.frozenWeights "bf16"']);
    assert.deepEqual([fit.fits, fit.cardBytes, fit.config.runtime.frozenWeights], [true, 8, "bf16"]);
  });

  it("is the smallest, which does not fit, where none does", async () => {
    const fit = await nearestFit(config, 1, bytesOf);
    assert.deepEqual([fit.fits, fit.cardBytes, fit.config.sft.batchSize], [false, 5, 1]);
  });
});
