import assert from "node:assert/strict";
import { FIGURE_THEMES } from "../../../engine/figures/index.ts";
import { type LineName, lineNames, linesOf } from "../../../webview/plots/lines.ts";
import { paletteNames, withPlaces } from "../../../engine/protocol/palette.ts";
import type { RunOutline } from "../../../engine/protocol/service.ts";
import {
  type ColorBy,
  colorByDefault,
  type Look,
  lookOf,
  type LookSettings,
  paletteFor,
} from "../../../webview/plots/looks.ts";
import { demoRun, folderOf, outlineOf } from "../fixtures.ts";
import { configOf, RECIPE, recording } from "../recording.ts";

const demo = outlineOf(demoRun());
const config = configOf({ seeds: [1, 2] });
const seeds = outlineOf({ folder: folderOf("seeds-1"), config, events: recording({ config, steps: 3 }) });

describe("linesOf", () => {
  it("has one line an arm of each run that recorded the metric", () => {
    const lines = linesOf("objective/kl", [demo, { ...demo, folder: "other" }]);
    assert.deepEqual(
      lines.map(({ name, runIndex }) => `${name} ${runIndex}`),
      ["ppo 0", "salsa 0", "salsa-3 0", "mkl 0", "ppo 1", "salsa 1", "salsa-3 1", "mkl 1"],
    );
  });

  it("makes one line of an arm's seeds", () => {
    const salsa = linesOf("objective/kl", [seeds]).find(({ name }) => name === "salsa");
    assert.deepEqual(salsa?.stages, ["seed-1/salsa", "seed-2/salsa"]);
  });
});

describe("the lines of an arm with several β", () => {
  const config = configOf({ arms: { ppo: { reference: "sft-1", beta: [0.1, 0.4] } } });
  const run = outlineOf({ folder: folderOf("betas-1"), config, events: recording({ config, steps: 3 }) });

  it("are those of its candidates, and none of its choice", () => {
    assert.deepEqual(
      lineNames([run]).filter(({ product }) => product === "ppo"),
      [0.1, 0.4].map((beta) => ({ name: `ppo (β ${beta})`, product: "ppo", isCandidate: true })),
    );
  });

  it("name the run that a cached training is from", () => {
    const from = { run: "demo-1", folder: folderOf("demo-1") };
    const stages = run.stages.map((stage) => (stage.beta === 0.1 ? { ...stage, from } : stage));
    const origins = linesOf("objective/kl", [{ ...run, stages }]).map(({ origin }) => origin);
    assert.deepEqual(origins, ["from demo-1", ""]);
  });
});

describe("the lines of an arm that was trained in parts", () => {
  const whole = demo.stages.find(({ id }) => id === "salsa") ?? assert.fail();
  const parts = [1, 2].map((rung) => ({ ...whole, id: `salsa to rung ${rung}`, kind: "rung", rung }));
  const recorded = demo.series["salsa"] ?? {};
  const { salsa: _salsa, ...others } = demo.series;
  const stages = [...parts, ...demo.stages];
  const ofParts = Object.fromEntries(parts.map(({ id }) => [id, recorded]));
  const namesIn = (outline: RunOutline): readonly string[] =>
    linesOf("objective/kl", [outline])
      .map(({ name }) => name)
      .filter((name) => name.startsWith("salsa") && name !== "salsa-3");

  it("are one line, which has the parts' curves", () => {
    const outline = { ...demo, stages, series: { ...demo.series, ...ofParts } };
    assert.deepEqual(namesIn(outline), ["salsa"]);
    assert.deepEqual(lineNames([outline]), lineNames([demo]));
  });

  it("are that of the last part where the arm was dropped", () => {
    assert.deepEqual(namesIn({ ...demo, stages, series: { ...others, ...ofParts } }), ["salsa to rung 2"]);
  });
});

describe("lineNames", () => {
  it("names arms first, each once", () => {
    const names = lineNames([demo, seeds]).map(({ name }) => name);
    assert.deepEqual(names, ["ppo", "salsa", "salsa-3", "mkl", "sft-1", "sft-2", "sft-3", "reward"]);
  });
});

describe("lookOf", () => {
  const names = lineNames([demo]);
  const theme = FIGURE_THEMES.dark;
  const line = (name: string, of = names): LineName => of.find((one) => one.name === name) ?? assert.fail(name);
  const looks = (outlines: readonly RunOutline[], colorBy: ColorBy = "arm"): LookSettings => {
    const names = lineNames(outlines);
    return { names, palette: paletteFor(outlines, names), colorBy, theme };
  };
  const look = (name: string, runIndex: number, colorBy: ColorBy = "arm"): Look =>
    lookOf({ ...line(name), runIndex }, looks([demo], colorBy));

  it("gives an arm one colour, and a run its marks", () => {
    assert.equal(look("salsa", 0).color, look("salsa", 1).color);
    assert.notEqual(look("salsa", 0).color, look("ppo", 0).color);
    assert.equal(look("salsa", 1).shape, look("ppo", 1).shape);
    assert.notEqual(look("salsa", 0).shape, look("salsa", 1).shape);
    assert.deepEqual(look("salsa", 0).dash, look("salsa", 1).dash);
  });

  it("gives a run one colour when runs are what colours tell apart", () => {
    assert.equal(look("salsa", 1, "run").color, look("ppo", 1, "run").color);
    assert.notEqual(look("salsa", 0, "run").color, look("salsa", 1, "run").color);
    assert.notDeepEqual(look("salsa", 1, "run").dash, look("ppo", 1, "run").dash);
  });

  it("leaves an arm its look in a run that has others before it, and beside other runs", () => {
    const config = configOf({ arms: { first: { reference: "sft-1" }, ...RECIPE.arms } });
    const joined = outlineOf({ folder: folderOf("demo-2"), config, events: recording({ config, steps: 3 }) });
    // As the service has it: what was there keeps its place.
    const known = withPlaces({}, paletteNames(demo.stages));
    const [older, newer] = [
      { ...demo, palette: known },
      { ...joined, palette: withPlaces(known, paletteNames(joined.stages)) },
    ];
    const drawn = (outlines: readonly RunOutline[], name: string): Look =>
      lookOf({ ...line(name, lineNames(outlines)), runIndex: 0 }, looks(outlines));
    for (const { name } of names) {
      assert.deepEqual(drawn([newer], name), drawn([older], name), name);
      assert.deepEqual(drawn([newer, older], name), drawn([older], name), name);
    }
    const colors = ["first", "ppo", "salsa", "salsa-3", "mkl"].map((name) => drawn([newer], name).color);
    assert.equal(new Set(colors).size, 5);
  });

  it("has thirty looks that differ, of thirty arms of a run and of one arm in thirty runs", () => {
    const lines = Array.from({ length: 30 }, (_, at) => {
      const name = `arm-${at}`;
      return { name, product: name, isCandidate: false };
    });
    const palette = paletteFor([], lines);
    const count = (looks: readonly Look[]): number => new Set(looks.map((one) => JSON.stringify(one))).size;
    for (const colorBy of ["arm", "run"] as const) {
      const settings = { names: lines, palette, colorBy, theme };
      assert.equal(count(lines.map((one) => lookOf({ ...one, runIndex: 0 }, settings))), 30, colorBy);
    }
    const [first] = lines;
    assert.ok(first);
    const settings = { names: lines, palette, colorBy: colorByDefault(30), theme };
    assert.equal(count(Array.from({ length: 30 }, (_, runIndex) => lookOf({ ...first, runIndex }, settings))), 30);
  });

  it("gives candidates for β their arm's colour and a dash of their own", () => {
    const config = configOf({ arms: { ppo: { reference: "sft-1", beta: [0.1, 0.4] } } });
    const run = outlineOf({ folder: folderOf("betas-1"), config, events: recording({ config, steps: 3 }) });
    const of = (name: string): Look => lookOf({ ...line(name, lineNames([run])), runIndex: 0 }, looks([run]));
    assert.equal(of("ppo (β 0.1)").color, of("ppo (β 0.4)").color);
    assert.notDeepEqual(of("ppo (β 0.1)").dash, of("ppo (β 0.4)").dash);
  });

  it("tells runs apart by colour when there are more than marks", () => {
    assert.equal(colorByDefault(6), "arm");
    assert.equal(colorByDefault(7), "run");
  });
});
