import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { mock } from "node:test";
import { figureOfRun, makeSoup, measureFigure, type MeasureRequest } from "../../../../engine/pipeline/index.ts";
import type { FigureName } from "../../../../engine/protocol/figureNames.ts";
import { openBackend } from "../../../../engine/pipeline/backends.ts";
import { loadModel } from "../../../../engine/pipeline/modelFolder.ts";
import { StreamedSoups } from "../../../../engine/pipeline/figures/measuring/streamedSoup.ts";
import type { Checkpoint } from "../../../../engine/storage/checkpoints.ts";
import { readAnswers } from "../../../../engine/storage/formats/answers.ts";
import {
  FIGURE_POINTS_FILE,
  type MeasuredSoup,
  readFigurePoints,
} from "../../../../engine/storage/formats/figurePoints.ts";
import { type TinyRun, artifactOf, runTiny, tiny } from "../tinyRun.ts";

const N = 16;

async function soupsIn(folder: string): Promise<readonly MeasuredSoup[]> {
  return (await readFigurePoints(folder)).filter((one) => one.kind === "point");
}

describe("measuring the figures of a run", function () {
  this.timeout(240_000);
  let folder: string;
  let run: TinyRun;
  before(async () => {
    folder = await fs.mkdtemp(path.join((await import("node:os")).tmpdir(), "salsa-test-"));
    const arms = { ppo: { reference: "sft-1" }, salsa: { reference: "soup" } };
    run = await runTiny(tiny({ arms, sft: { seeds: [1, 2, 3] }, reward: { pairs: 40 } }), folder);
  });
  after(() => fs.rm(folder, { recursive: true, force: true }));

  const measure = (request: Partial<MeasureRequest> = {}): ReturnType<typeof measureFigure> =>
    measureFigure({ folder: run.folder, figure: "line", n: N, signal: new AbortController().signal, ...request });
  const drawn = (name: FigureName): ReturnType<typeof figureOfRun> => figureOfRun(run.folder, name);
  const fresh = (): Promise<void> => fs.rm(path.join(run.folder, FIGURE_POINTS_FILE), { force: true });

  it("finds at the line's ends what the run itself has found", async () => {
    await fresh();
    await measure({ choices: { from: 0, to: 1, points: 2 } });
    const soups = await soupsIn(run.folder);
    assert.deepEqual(
      soups.map(({ weights }) => weights),
      [
        [1, 0],
        [0, 1],
      ],
    );
    for (const [at, model] of ["sft-1", "sft-2"].entries()) {
      const answers = await readAnswers(artifactOf(run, `${model} on inDistribution`));
      const mean = answers.reduce((sum, { reward }) => sum + reward, 0) / answers.length;
      // The same answers, scored by the same model, in one batch as there.
      assert.ok(Math.abs((soups[at]?.reward ?? NaN) - mean) < 1e-6, model);
    }
  });

  it("goes on where it was stopped, to the same numbers, and measures nothing twice", async () => {
    await fresh();
    const choices = { points: 5 };
    await measure({ choices });
    const whole = await soupsIn(run.folder);
    await fresh();
    const controller = new AbortController();
    const stopped = measure({
      choices,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 2) controller.abort();
      },
    });
    await assert.rejects(stopped, { name: "Stopped" });
    assert.equal((await soupsIn(run.folder)).length, 2);
    // A crash in the middle of a record.
    await fs.appendFile(path.join(run.folder, FIGURE_POINTS_FILE), '{"kind":"point","figure":"li');
    const seen: number[] = [];
    const end = await measure({ choices, onProgress: ({ done }) => seen.push(done) });
    assert.deepEqual([seen, end.total], [[2, 3, 4, 5], 5]);
    assert.deepEqual(await soupsIn(run.folder), whole);
    assert.ok((await measure({ choices })).done === 5 && (await soupsIn(run.folder)).length === 5);
  });

  it("draws the line with standard errors over prompts", async () => {
    const { spec } = await drawn("line");
    const [panel] = spec?.panels ?? [];
    assert.ok(panel?.kind === "xy");
    const [series] = panel.series;
    assert.deepEqual(
      series?.points.map(({ x }) => x),
      [-0.5, 0, 0.5, 1, 1.5],
    );
    for (const { value, low = NaN, high = NaN, se = NaN, n } of series.points) {
      assert.ok(se > 0 && Math.abs(high - value - 1.96 * se) < 1e-9 && Math.abs(value - low - 1.96 * se) < 1e-9);
      assert.equal(n, N);
    }
  });

  it("measures the plane of three SFTs, with the policies on it", async () => {
    await measure({ figure: "plane", choices: { size: 4 }, n: 4 });
    const { spec, lacks } = await drawn("plane");
    const [panel] = spec?.panels ?? [];
    assert.ok(panel?.kind === "heat");
    assert.equal(panel.points.length, 4);
    assert.deepEqual(
      panel.corners.map(({ name }) => name),
      ["sft-1", "sft-2", "sft-3"],
    );
    const named = [...panel.projected.map(({ name }) => name), ...lacks.map(({ what }) => what)].join(" ");
    assert.match(named, /ppo.*salsa/);
    // A policy starts at the first corner and makes a few steps: it is nearer to it than the others are.
    const ppo = panel.projected.find(({ name }) => name === "ppo");
    const [first, second] = panel.corners;
    assert.ok(ppo !== undefined && first !== undefined && second !== undefined);
    assert.ok(Math.hypot(ppo.x - first.x, ppo.y - first.y) < Math.hypot(ppo.x - second.x, ppo.y - second.y));
  });

  it("follows policies back to their start, where the KL is 0", async () => {
    await measure({ figure: "warp", choices: { points: 3 } });
    const { spec } = await drawn("warp");
    const [panel] = spec?.panels ?? [];
    assert.ok(panel?.kind === "xy");
    assert.deepEqual(
      panel.series.map(({ name, color, points }) => [name, color, points.map(({ label }) => label)]),
      [
        ["ppo", 0, ["η 0", "η 0.5", "η 1"]],
        ["salsa", 1, ["η 0", "η 0.5", "η 1"]],
      ],
    );
    for (const { points } of panel.series) {
      // The same weights on both sides.
      assert.ok(Math.abs(points[0]?.x ?? NaN) < 1e-6);
      assert.ok((points[2]?.x ?? 0) !== 0);
    }
  });

  it("reads each tensor of each model once a soup, and has one beside the reward model on the device", async () => {
    const read: string[] = [];
    const reads: string[][] = [];
    let [held, most] = [0, 0];
    const open = StreamedSoups.open.bind(StreamedSoups);
    mock.method(StreamedSoups, "open", async (...args: Parameters<typeof open>) => {
      const soups = await open(...args);
      const { models } = soups as unknown as { readonly models: { readonly checkpoints: readonly Checkpoint[] } };
      for (const [at, { weights }] of models.checkpoints.entries()) {
        const readTensor = weights.readTensor.bind(weights);
        mock.method(weights, "readTensor", async (name: string) => {
          read.push(`${at} ${name}`);
          return readTensor(name);
        });
      }
      const place = soups.place.bind(soups);
      mock.method(soups, "place", async (...where: Parameters<typeof place>) => {
        const placed = await place(...where);
        reads.push(read.splice(0));
        most = Math.max(most, ++held);
        const release = placed.release.bind(placed);
        mock.method(placed, "release", () => {
          held -= 1;
          release();
        });
        return placed;
      });
      return soups;
    });
    try {
      await fresh();
      await measure({ figure: "plane", choices: { size: 9 }, n: 4 });
      await measure({ figure: "warp", choices: { points: 2 }, n: 4 });
    } finally {
      mock.restoreAll();
    }
    // For the KL, the start takes the soup's place, twice for each of two arms.
    assert.equal(reads.length, 9 + 2 * (2 * 2));
    const { weights } = await loadModel(artifactOf(run, "sft-1"));
    const all = [0, 1, 2].flatMap((model) => [...weights.keys()].map((name) => `${model} ${name}`)).sort();
    for (const one of reads.slice(0, 9)) assert.deepEqual(one.sort(), all);
    for (const one of reads) assert.equal(new Set(one).size, one.length);
    assert.deepEqual([held, most], [0, 1]);
  });

  it("makes on the device the soup that is made on disk", async () => {
    const of = ["sft-1", "sft-2"].map((model) => artifactOf(run, model));
    const out = path.join(folder, "soup");
    const signal = new AbortController().signal;
    await makeSoup({ method: "linear", of, alpha: 1.25, out, signal, force: true });
    const { weights } = await loadModel(out);
    const backend = await openBackend({ backend: "wasm", threads: 1 });
    const soups = await StreamedSoups.open(of, {});
    try {
      const placed = await soups.place(backend, [-0.25, 1.25]);
      const found = await placed.read();
      placed.release();
      assert.deepEqual([...found.keys()].sort(), [...weights.keys()].sort());
      for (const [name, { data }] of weights) {
        const ours = found.get(name)?.data;
        // Both sum in f32; one may round a product before it is added.
        data.forEach((value, at) =>
          assert.ok(Math.abs(value - (ours?.[at] ?? NaN)) <= 3e-7 * Math.max(1, Math.abs(value)), name),
        );
      }
    } finally {
      await soups.close();
      await backend.close();
    }
  });

  it("refuses what the run does not have", async () => {
    await assert.rejects(measure({ prompts: "mtBench" }), /no prompts called "mtBench".*validation, inDistribution/s);
    await assert.rejects(measure({ choices: { models: ["sft-1", "sft-9"] } }), /no model called "sft-9"/);
    await assert.rejects(measure({ choices: { models: ["sft-1"] } }), /2 models are needed, there is 1/);
    await assert.rejects(measure({ figure: "warp", choices: { models: ["sft-1"] } }), /no model called "sft-1"/);
    await assert.rejects(measure({ folder: folder }), { name: "DataError" });
  });
});
