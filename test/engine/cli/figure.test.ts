import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { MeasureRequest } from "../../../engine/pipeline/index.ts";
import * as pipeline from "../../../engine/pipeline/index.ts";
import { finishedEvents, writeRun } from "../server/service/runFolders.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { TINY } from "../pipeline/tinyRun.ts";
import { WIN_RATE } from "../../fuzz/readers/records.ts";
import { type Outcome, salsa } from "./screen.ts";

/** A folder with a run whose PPO and SALSA were compared, and its config. */
async function withRun(work: (folder: string, run: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const run = await writeRun(folder, "tiny-1", { events: finishedEvents("tiny-1") });
    const record = JSON.parse(await fs.readFile(path.join(run, "run.json"), "utf8")) as {
      config: Record<string, unknown>;
    };
    const [ppo] = Object.values(record.config["arms"] as Record<string, object>);
    const soups = { soup: { method: "uniform", of: ["sft-1", "sft-2"] } };
    const arms = {
      ppo: { ...ppo, init: "sft-1", reference: ["sft-1"] },
      salsa: { ...ppo, init: "sft-1", reference: ["soup"] },
    };
    await fs.writeFile(
      path.join(run, "run.json"),
      JSON.stringify({ ...record, config: { ...record.config, soups, arms } }),
    );
    await fs.writeFile(path.join(run, "tables", "winRates.json"), JSON.stringify([WIN_RATE]));
    await fs.writeFile(path.join(folder, "tiny.salsa.json"), JSON.stringify(TINY));
    await work(folder, run);
  });
}

const inFolder = (folder: string, ...argv: readonly string[]): Promise<Outcome> => salsa(argv, { folder, pipeline });

describe("salsa figure", () => {
  it("lists what can be drawn from the latest run", () =>
    withRun(async (folder) => {
      const { code, stdout } = await inFolder(folder, "figure");
      assert.equal(code, 0);
      assert.match(stdout, /^tiny-1 in /);
      assert.match(stdout, /winRates +can be drawn +Figure 1: SALSA against PPO/);
      assert.match(stdout, /line +to be measured +Figures 2a and 2b/);
      assert.match(stdout, /plane +lacks something +Figure 2c: .*\n +3 SFTs are needed, the run has 2/);
      assert.equal((await inFolder(folder, "figure", "tiny-1")).stdout, stdout, "of a run by its name");
      assert.match((await inFolder(folder, "figure", "tiny-2")).stderr, /"tiny-2" is not a figure/);
      const { stdout: json } = await inFolder(folder, "figure", "--json");
      const { figures } = JSON.parse(json) as { figures: { name: string; canBeDrawn: boolean }[] };
      assert.deepEqual(
        figures.filter(({ canBeDrawn }) => canBeDrawn).map(({ name }) => name),
        ["winRates", "alpha", "members"],
      );
    }));

  it("writes a figure in every form into the run's folder, by its number in the paper", () =>
    withRun(async (folder, run) => {
      const { code, stdout } = await inFolder(folder, "figure", "1");
      assert.equal(code, 0);
      const files = stdout.trim().split("\n");
      assert.deepEqual(
        files.map((file) => path.relative(run, file)),
        ["svg", "png", "csv", "tex"].map((extension) => path.join("figures", `winRates.${extension}`)),
      );
      const [svg, png, csv, tex] = await Promise.all(files.map((file) => fs.readFile(file)));
      assert.match(String(svg), /^<svg .*salsa against ppo/s);
      assert.deepEqual([...(png?.subarray(1, 4) ?? [])], [...Buffer.from("PNG")]);
      assert.match(String(csv), /^panel,series,value,low,high,n,seeds\r\ninDistribution,salsa,0.75,0.2,0.98,4,1\r\n/);
      assert.match(String(tex), /\\begin\{tabular\}/);
    }));

  it("finds the latest run of a config, and writes one file", () =>
    withRun(async (folder) => {
      const config = path.join(folder, "tiny.salsa.json");
      const { code, stdout } = await inFolder(
        folder,
        "figure",
        "winRates",
        config,
        "--out",
        "one.txt",
        "--ground",
        "dark",
      );
      assert.deepEqual([code, stdout], [0, `${path.join(folder, "one.txt")}\n`]);
      assert.match(await fs.readFile(path.join(folder, "one.txt"), "utf8"), /salsa against ppo/);
      const other = path.join(folder, "other.salsa.json");
      await fs.writeFile(other, JSON.stringify(TINY));
      const { code: none, stderr } = await inFolder(folder, "figure", "winRates", other);
      assert.equal(none, 2);
      assert.match(stderr, /other\.salsa\.json has no run yet; start one with salsa run/);
    }));

  it("says what is missing, and what would add it", () =>
    withRun(async (folder) => {
      const { code, stdout, stderr } = await inFolder(folder, "figure", "4b");
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /missing: No arm is held to several references at once/);
      assert.match(stderr, /"arms": \{ "mkl": \{ "init": "sft-1", "reference": \["sft-1", "sft-2"\] \} \}/);
      const { code: again, stdout: json } = await inFolder(folder, "figure", "4b", "--json");
      assert.equal(again, 1);
      assert.equal((JSON.parse(json) as { missing: unknown[] }).missing.length, 1);
    }));

  it("measures with the settings that are given", () =>
    withRun(async (folder, run) => {
      const asked: MeasureRequest[] = [];
      const measureFigure = (request: MeasureRequest): Promise<pipeline.MeasureProgress> => {
        asked.push(request);
        request.onProgress?.({ done: 3, total: 3, secondsLeft: 0 });
        return Promise.resolve({ done: 3, total: 3, secondsLeft: 0 });
      };
      const line =
        "figure 2a --from -1 --to 2 --points 3 --n 8 --prompts validation --seeds 1 --models sft-1,sft-2 --threads 1";
      const { code, stderr } = await salsa(line.split(" "), { folder, pipeline: { ...pipeline, measureFigure } });
      const { onProgress: _, signal: __, ...request } = asked[0] ?? ({} as MeasureRequest);
      assert.deepEqual(request, {
        folder: run,
        figure: "line",
        choices: { models: ["sft-1", "sft-2"], from: -1, to: 2, points: 3 },
        ...{ prompts: "validation", n: 8, seeds: [1], compute: { threads: 1 } },
      });
      assert.match(stderr, /3 of 3 soups measured\n/);
      assert.equal(code, 1, "nothing was measured, so nothing can be drawn");
      assert.match(stderr, /salsa figure line tiny-1/);
    }));

  it("ends as interrupted when it was stopped", () =>
    withRun(async (folder) => {
      const controller = new AbortController();
      controller.abort();
      const measureFigure = (): Promise<never> => Promise.reject(new pipeline.Stopped("stopped"));
      const { code, stderr } = await salsa(["figure", "plane"], {
        folder,
        pipeline: { ...pipeline, measureFigure },
        signal: controller.signal,
      });
      assert.equal(code, 130);
      assert.match(stderr, /what is measured is kept/);
    }));

  for (const [line, message] of [
    ["figure lime", /"lime" is not a figure; did you mean line/],
    ["figure 9", /"9" is not a figure; figures are winRates/],
    ["figure winRates --n 8", /--n goes with figures that are measured/],
    ["figure plane --points 3", /--points is not for the plane/],
    ["figure line --size 9", /--size is for the plane/],
    ["figure line --points 0", /--points: must be at least 1/],
    ["figure winRates --out a.gif", /must end in \.svg, \.png/],
    ["figure winRates --ground red", /--ground/],
    ["table 7", /"7" is not a table; tables are main/],
    ["table", /NAME is missing/],
    ["table main --format svg", /--format/],
  ] as const) {
    it(`refuses ${line}`, () =>
      withRun(async (folder) => {
        const { code, stderr } = await inFolder(folder, ...line.split(" "));
        assert.equal(code, 2);
        assert.match(stderr, message);
      }));
  }
});

describe("salsa table", () => {
  it("prints the paper's layout with what it rests on", () =>
    withRun(async (folder) => {
      const { code, stdout } = await inFolder(folder, "table", "2", "tiny-1");
      assert.equal(code, 0);
      assert.match(stdout, /Dataset +Comparison +Win +Loss +Tie +Win Rate +Adj\. Win Rate/);
      assert.match(stdout, /inDistribution +SALSA +3 +1 +0 +75\.00 +75\.00\n +PPO +1 +3 +0 +25\.00 +25\.00/);
      assert.match(stdout, /n = 4; one base seed/);
    }));

  it("writes other forms, and takes several runs", () =>
    withRun(async (folder) => {
      const { code, stderr } = await inFolder(
        folder,
        "table",
        "1",
        "tiny-1",
        "tiny-1",
        "--format",
        "latex",
        "-o",
        "t.tex",
      );
      assert.equal(code, 0);
      const text = await fs.readFile(path.join(folder, "t.tex"), "utf8");
      assert.equal(text.split("inDistribution & tiny & 75.00").length, 3);
      assert.match(stderr, /missing: salsa was not compared with sft-1/);
    }));
});

describe("salsa report --html", () => {
  it("writes one file", () =>
    withRun(async (folder) => {
      const { code, stdout } = await inFolder(folder, "report", "--html", "--out", "r.html");
      assert.deepEqual([code, stdout], [0, `${path.join(folder, "r.html")}\n`]);
      assert.match(await fs.readFile(path.join(folder, "r.html"), "utf8"), /^<!doctype html>/);
      const { code: refused, stderr } = await inFolder(folder, "report", "--html", "--format", "csv");
      assert.equal(refused, 2);
      assert.match(stderr, /--format does not go with --html/);
    }));
});
