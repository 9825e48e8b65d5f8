import assert from "node:assert/strict";
import { FIGURE_THEMES } from "../../../engine/figures/index.ts";
import type { ForestEntry } from "../../../webview/tables/forest.ts";
import { forestCsv, forestSvg } from "../../../webview/tables/forestExport.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { openDashboard } from "../page.ts";
import { rateOf } from "./rows.ts";

const ENTRIES: readonly ForestEntry[] = [
  entryOf(rateOf({ nSeeds: 2, adjusted: 0.58, low: 0.56, high: 0.6 }), 0),
  entryOf(rateOf({ nSeeds: 2, seed: 7, adjusted: 0.55, low: null, high: null, p: null, holm: null }), 0),
  entryOf(rateOf({ b: 'p"p,o', adjusted: 0.4 }), 1),
];

describe("the plot of win rates as a file", () => {
  it("has every number of every row that is shown, empty where there is none", () => {
    const [head, ...rows] = forestCsv({ entries: ENTRIES, runs: ["demo-1", "demo-2"] })
      .trimEnd()
      .split("\n");
    assert.equal(head, "run,benchmark,a,b,seed,adjusted,low,high,n,wins,losses,ties,p,holm");
    assert.deepEqual(rows, [
      "demo-1,inDistribution,salsa,ppo,all,0.58,0.56,0.6,1024,264,101,659,6.266279752835207e-18,1.879883925850562e-17",
      "demo-1,inDistribution,salsa,ppo,7,0.55,,,1024,264,101,659,,",
      'demo-2,inDistribution,salsa,"p""p,o",all,0.4,0.5618688893714414,0.5971079975801266,1024,264,101,659,6.266279752835207e-18,1.879883925850562e-17',
    ]);
  });

  it("is a figure that names runs and seeds, and says what the intervals are", () => {
    const svg = forestSvg({ entries: ENTRIES, runs: ["demo-1", "demo-2"] }, FIGURE_THEMES.dark);
    for (const text of ["salsa vs ppo · demo-1", "salsa vs ppo, seed 7 · demo-1", "58.0 % (56.0 to 60.0), n = 1,024"]) {
      assert.ok(svg.includes(text), text);
    }
    assert.match(svg, /95 % interval, clustered by prompt and by seed/);
    assert.doesNotMatch(
      forestSvg({ entries: ENTRIES.slice(2), runs: ["demo-1"] }, FIGURE_THEMES.light),
      /demo-1|by seed/,
    );
  });
});

describeInBrowser("the menu of the plot of win rates", (browser) => {
  for (const [format, pattern] of [
    ["SVG", /^<svg[^]*salsa vs ppo/],
    ["PNG", /^iVBOR/],
    ["CSV", /^run,benchmark,a,b,seed,adjusted/],
  ] as const) {
    it(`saves it as ${format}`, async () => {
      const run = demoRun();
      const backend = fixtureBackend([run], { winRates: () => [rateOf()] });
      const open = await openDashboard(browser(), backend, { focus: { view: "winRates", runs: [run.folder] } });
      await open.page.getByRole("button", { name: "Plot of Win rates" }).click();
      await open.page.getByRole("menuitem", { name: `Save as ${format}…` }).click();
      while (!open.asked.some(({ method }) => method === "save")) {
        await open.page.evaluate(() => new Promise(requestAnimationFrame));
      }
      const { name, content } = open.asked.flatMap((asked) => (asked.method === "save" ? [asked.params] : []))[0] ?? {};
      await open.close();
      assert.deepEqual(open.errors, []);
      assert.equal(name, `winRates.${format.toLowerCase()}`);
      assert.match(content === undefined ? "" : "text" in content ? content.text : content.base64, pattern);
    });
  }
});

function entryOf(row: ForestEntry["row"], run: number): ForestEntry {
  return { label: `${row.a} vs ${row.b}`, group: row.benchmark, row, run };
}
