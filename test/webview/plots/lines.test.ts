import assert from "node:assert/strict";
import { FIGURE_THEMES } from "../../../engine/figures/index.ts";
import { type LineName, lineNames, linesOf } from "../../../webview/plots/lines.ts";
import { colorByDefault, lookOf } from "../../../webview/plots/looks.ts";
import { demoRun, folderOf, outlineOf } from "../fixtures.ts";
import { configOf, recording } from "../recording.ts";

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

describe("lineNames", () => {
  it("names arms first, each once", () => {
    const names = lineNames([demo, seeds]).map(({ name }) => name);
    assert.deepEqual(names, ["ppo", "salsa", "salsa-3", "mkl", "sft-1", "sft-2", "sft-3", "reward"]);
  });
});

describe("lookOf", () => {
  const names = lineNames([demo]);
  const theme = FIGURE_THEMES.dark;
  const line = (name: string): LineName => names.find((one) => one.name === name) ?? assert.fail(name);

  it("gives an arm one colour and a run one dash", () => {
    const look = (name: string, runIndex: number): ReturnType<typeof lookOf> =>
      lookOf({ ...line(name), runIndex }, { names, colorBy: "arm", theme });
    assert.equal(look("salsa", 0).color, look("salsa", 1).color);
    assert.notEqual(look("salsa", 0).color, look("ppo", 0).color);
    assert.deepEqual(look("salsa", 1).dash, look("ppo", 1).dash);
    assert.notDeepEqual(look("salsa", 0).dash, look("salsa", 1).dash);
  });

  it("gives a run one colour when runs are what colours tell apart", () => {
    const look = (name: string, runIndex: number): string =>
      lookOf({ ...line(name), runIndex }, { names, colorBy: "run", theme }).color;
    assert.equal(look("salsa", 1), look("ppo", 1));
    assert.notEqual(look("salsa", 0), look("salsa", 1));
  });

  it("tells runs apart by colour when there are more than dashes", () => {
    assert.equal(colorByDefault(4), "arm");
    assert.equal(colorByDefault(5), "run");
  });
});
