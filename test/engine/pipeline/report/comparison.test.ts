import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { htmlComparison } from "../../../../engine/pipeline/report/index.ts";
import { recording } from "../../../webview/recording.ts";
import { writeRun } from "../../server/service/runFolders.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

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
