import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as pipeline from "../../../engine/pipeline/index.ts";
import { salsa } from "../cli/screen.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { tiny } from "./tinyRun.ts";

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
