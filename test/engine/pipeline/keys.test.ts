import assert from "node:assert/strict";
import * as path from "node:path";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { computed, keysOf, resolved, runTiny, tiny } from "./tinyRun.ts";
import type { Written } from "./tinyRun.ts";

/** Keys by stage name, without running anything. */
async function plannedKeys(written: Written): Promise<ReadonlyMap<string, string>> {
  return inTemporaryFolder(async (folder) => {
    const config = resolved(written, folder);
    const stages = await planPipeline(config, { runsRoot: config.runtime.directory });
    return new Map(stages.map(({ id, key }) => [id, key]));
  });
}

/** Names of the stages whose keys differ between two configs with the same stages. */
async function changedBy(overrides: Written): Promise<string[]> {
  const [before, after] = [await plannedKeys(tiny()), await plannedKeys(tiny(overrides))];
  assert.deepEqual([...after.keys()], [...before.keys()], "both have the same stages");
  return [...before].filter(([name, key]) => after.get(name) !== key).map(([name]) => name);
}

const ALL = [
  ...["base", "sft-1", "sft-2", "preferences", "reward", "soup", "ppo", "salsa"],
  ...["base", "sft-1", "sft-2", "soup", "ppo", "salsa"].map((name) => `${name} on inDistribution`),
  ...["salsa vs ppo", "ppo vs sft-1", "salsa vs sft-1"].map((name) => `${name} on inDistribution`),
];
const FROM_ARMS = ALL.filter((name) => name.startsWith("ppo") || name.startsWith("salsa"));

describe("keys of the recipe's stages", () => {
  it("are the same for the same config, wherever it lies", async () => {
    assert.deepEqual(await changedBy({}), []);
    assert.deepEqual([...(await plannedKeys(tiny())).keys()], ALL);
  });

  it("change for the arms and what follows from them when RLHF's β changes", async () => {
    assert.deepEqual(await changedBy({ rlhf: { beta: 0.06 } }), FROM_ARMS);
  });

  it("change for the soup and the arms held to it, and for no SFT, when α changes", async () => {
    const soup = (alpha: number): Written => ({ soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha } } });
    const [half, third] = [await plannedKeys(tiny(soup(0.5))), await plannedKeys(tiny(soup(0.3)))];
    const changed = [...half].filter(([name, key]) => third.get(name) !== key).map(([name]) => name);
    assert.deepEqual(
      changed,
      ALL.filter((name) => /soup|salsa/.test(name)),
    );
  });

  it("are one and the same for α and the weights that it stands for", async () => {
    const soup = (shares: Written): Written => ({
      soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], ...shares } },
    });
    assert.deepEqual(
      await plannedKeys(tiny(soup({ alpha: 0.25 }))),
      await plannedKeys(tiny(soup({ weights: [0.75, 0.25] }))),
    );
  });

  for (const runtime of [
    { threads: 2 },
    { directory: "elsewhere" },
    { checkpointEvery: 7 },
    { metricsEvery: 3 },
    { gradientCheckpointing: true },
  ]) {
    it(`do not change with runtime.${Object.keys(runtime).join()}`, async () => {
      assert.deepEqual(await changedBy({ runtime }), []);
    });
  }

  it("change for what frozen models are read for when these are rounded to bf16", async () => {
    const trained = new Set(["base", "sft-1", "sft-2", "reward", "soup"]);
    const read = ALL.filter((name) => !trained.has(name));
    const changed = await changedBy({ runtime: { frozenWeights: "bf16" } });
    assert.deepEqual(
      changed,
      ["reward", ...read].sort((a, b) => ALL.indexOf(a) - ALL.indexOf(b)),
    );
    assert.deepEqual(await changedBy({ runtime: { frozenWeights: "asStored" } }), []);
  });

  it("change all with the backend", async () => {
    assert.deepEqual(await changedBy({ runtime: { backend: "tfjs" } }), ALL);
  });

  it("change all with the precision, and for none where it is what the backend takes anyway", async () => {
    const tfjs = (precision?: string): Written =>
      tiny({ runtime: { backend: "tfjs", ...(precision && { precision }) } });
    const [left, f32, bf16] = await Promise.all([tfjs(), tfjs("f32"), tfjs("bf16")].map(plannedKeys));
    assert.deepEqual(f32, left);
    assert.deepEqual(
      ALL.filter((name) => bf16?.get(name) !== f32?.get(name)),
      ALL,
    );
  });

  it("change with the base seed for every stage that draws", async () => {
    assert.deepEqual(await changedBy({ seeds: [7] }), ALL);
  });

  it("change for no arm of a task when the validation split changes, which a task draws for itself", async () => {
    assert.deepEqual(await changedBy({ evaluation: { validationPrompts: 8 } }), []);
  });

  it("change for judgments alone when the tie margin changes", async () => {
    assert.deepEqual(
      await changedBy({ evaluation: { tieMargin: 0.1 } }),
      ALL.filter((name) => name.includes(" vs ")),
    );
  });

  it("change for answers, greedy soups included, when the sampling of answers changes", async () => {
    const greedy = (temperature: number): Written =>
      tiny({
        soups: { soup: { method: "greedy", prompts: 8 }, uniform: { method: "uniform" } },
        arms: { ppo: {} },
        evaluation: { sampling: { temperature } },
      });
    const [warm, cold] = [await plannedKeys(greedy(0.7)), await plannedKeys(greedy(0.1))];
    const changed = [...warm].filter(([name, key]) => cold.get(name) !== key).map(([name]) => name);
    assert.ok(changed.includes("soup"), "a greedy soup goes by sampled answers");
    assert.ok(!changed.includes("uniform"));
    assert.ok(!changed.includes("ppo"));
  });
});

describe("a run of a config that ran before", () => {
  it("computes nothing and gives the same tables; plan lists its stages and says so", async () => {
    await inTemporaryFolder(async (folder) => {
      const config = resolved(tiny(), folder);
      const runsRoot = config.runtime.directory;
      const before = await planPipeline(config, { runsRoot });
      assert.deepEqual(new Set(before.map(({ cached }) => cached)), new Set([false]));

      const first = await runTiny(tiny(), folder);
      assert.deepEqual(
        [...keysOf(first)],
        before.map(({ id, key }) => [id, key]),
      );
      assert.deepEqual(computed(first), ALL);
      const after = await planPipeline(config, { runsRoot });
      assert.deepEqual(
        after.map(({ cached, key }) => [cached, key]),
        before.map(({ key }) => [true, key]),
      );

      const second = await runTiny(tiny(), folder);
      assert.deepEqual(computed(second), []);
      assert.deepEqual(second.tables, first.tables);
      assert.notEqual(second.folder, first.folder);
      assert.equal(path.basename(second.folder), "tiny-2");
    });
  });

  it("trains only the changed arm again", async () => {
    await inTemporaryFolder(async (folder) => {
      await runTiny(tiny({ arms: { ppo: {}, salsa: { reference: "soup" } } }), folder);
      const second = await runTiny(tiny({ arms: { ppo: {}, salsa: { reference: "soup", beta: 0.01 } } }), folder);
      assert.deepEqual(
        computed(second),
        ALL.filter((name) => name.startsWith("salsa")),
      );
    });
  });
});

describe("a plan", () => {
  it("has finite costs for every stage, and positive ones for every training", async () => {
    await inTemporaryFolder(async (folder) => {
      const config = resolved(tiny(), folder);
      for (const stage of await planPipeline(config, { runsRoot: config.runtime.directory })) {
        for (const cost of [stage.parameters, stage.memoryBytes, stage.estimatedSeconds]) {
          assert.ok(Number.isFinite(cost) && cost >= 0, `${stage.id}: ${cost}`);
        }
        const isTraining = ["base", "sft", "reward", "rlhf"].includes(stage.kind);
        if (isTraining) assert.ok(stage.parameters > 0 && stage.memoryBytes > 0, stage.id);
      }
    });
  });

  it("writes nothing", async () => {
    await inTemporaryFolder(async (folder) => {
      const config = resolved(tiny(), folder);
      await planPipeline(config, { runsRoot: config.runtime.directory });
      const { readdir } = await import("node:fs/promises");
      assert.deepEqual(await readdir(folder), []);
    });
  });
});
