import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { RESERVED_NAMES, rewardName, sftName } from "../../../engine/config/names.ts";
import * as pipeline from "../../../engine/pipeline/index.ts";
import { salsa as salsaRecipe } from "../../../engine/pipeline/salsa.ts";
import { salsa } from "../cli/screen.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { resolved, tiny } from "./tinyRun.ts";

describe("results of stages", () => {
  it("have names of the config's models, or names that no arm and no soup may have", () => {
    const written = tiny({ reward: { seeds: [1, 2] }, arms: { ppo: { beta: [0.1, 0.2] }, dpo: { method: "dpo" } } });
    const config = resolved(written, os.tmpdir());
    const { recipe } = salsaRecipe({ ...config, testPrompts: ["Hello"] });
    const models = [...config.sft.seeds.map(sftName), ...Object.keys(config.soups), ...Object.keys(config.arms)];
    const known = new Set([...models, ...RESERVED_NAMES.keys(), rewardName(1), rewardName(2)]);
    for (const { info } of recipe.stages) assert.ok(known.has(info.product), info.product);
  });
});

describe("names of any language", () => {
  it("go from the config to the tables, the report and the files for other programs", () =>
    inTemporaryFolder(async (folder) => {
      const written = tiny({
        name: "запуск",
        soups: { スープ: { method: "uniform" } },
        arms: { überlegt: { reference: "スープ" }, ppo: { reference: "sft-1" } },
      });
      await fs.writeFile(path.join(folder, "x.salsa.json"), JSON.stringify(written));
      const ran = await salsa(["run", "x.salsa.json"], { folder, pipeline });
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /überlegt/);
      const report = await salsa(["report", "запуск-1", "--html"], { folder, pipeline });
      assert.equal(report.code, 0, report.stderr);
      const run = path.join(folder, ".salsa/runs/запуск-1");
      const text = await fs.readFile(path.join(run, "report/report.html"), "utf8");
      for (const name of ["запуск", "スープ", "überlegt"]) assert.ok(text.includes(name), name);
    }));
});
