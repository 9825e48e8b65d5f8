import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { htmlComparison } from "../../../../engine/pipeline/report/index.ts";
import { configOf, recording } from "../../../webview/recording.ts";
import { writeRun } from "../../server/service/runFolders.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

describe("a comparison of runs whose arms have several references", () => {
  it("names all of them, below the picture where its title has no room", () =>
    inTemporaryFolder(async (folder) => {
      const arms = Array.from(
        { length: 6 },
        (_, at) => [`salsa-${at}`, { reference: at % 2 === 0 ? "soup" : "soup3" }] as const,
      );
      const config = configOf({ arms: { ppo: { reference: "sft-1" }, ...Object.fromEntries(arms) } });
      const runs = [];
      for (const id of ["a-1", "b-1"])
        runs.push(await writeRun(folder, id, { events: recording({ steps: 3 }), record: { config } }));
      const html = await htmlComparison(runs);
      assert.match(html, /<title>KL to reference<\/title>/);
      assert.match(
        html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " "),
        /KL to reference \(ppo: sft-1; salsa-0: soup; salsa-1: soup3; .*salsa-5: soup3\)\. Penalty/,
      );
    }));
});

describe("a comparison of runs in two folders as one HTML file", () => {
  it("draws an arm in one colour, whatever looks it has in each of them", () =>
    inTemporaryFolder(async (folder) => {
      const runs: string[] = [];
      for (const [name, places] of [
        ["a", { ppo: 0, salsa: 1 }],
        ["b", { salsa: 0, ppo: 1 }],
      ] as const) {
        runs.push(await writeRun(join(folder, name), `${name}-1`, { events: recording({ steps: 3 }) }));
        const palette = JSON.stringify({ version: 1, places: Object.entries(places) });
        await writeFile(join(folder, name, ".salsa/palette.json"), palette);
      }
      const html = await htmlComparison(runs);
      for (const arm of ["ppo", "salsa"]) {
        const colors = Array.from(html.matchAll(new RegExp(`"name":"[ab]-1: ${arm}","color":"([^"]+)"`, "g")));
        assert.ok(colors.length >= 2);
        assert.equal(new Set(colors.map(([, color]) => color)).size, 1, arm);
      }
    }));
});
