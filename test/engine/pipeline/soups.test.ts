import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { assertClose } from "../../contract/close.ts";
import { type TinyRun, artifactOf, runTiny, tiny } from "./tinyRun.ts";

const OF = ["sft-1", "sft-2"];

const SOUPS = {
  mean: { method: "uniform" },
  middle: { method: "linear", of: OF, alpha: 0.5 },
  beyond: { method: "linear", of: OF, alpha: 1.5 },
  before: { method: "linear", of: OF, alpha: -0.25 },
  inner: { method: "linear", weights: [0.5, 0.2, 0.3] },
  shares: { method: "linear", alpha: [0.2, 0.3] },
  byGold: { method: "greedy", score: "gold", prompts: 8 },
  byLoss: { method: "greedy", score: "loss" },
  byReward: { method: "greedy", score: "reward", prompts: 8 },
  trained: { method: "learned", steps: 3, batchSize: 8 },
  stock: { method: "modelStock", of: ["base", "sft-1", "sft-2", "sft-3"] },
  arc: { method: "slerp", of: OF, alpha: 0.3 },
};

/** Sums of a few f32 products, once on each side: a few units in the last place of numbers of size 1. */
const ROUNDING = 1e-6;

describe("soups of a run", function () {
  this.timeout(120_000);
  let folder: string;
  let run: TinyRun;
  const written = tiny({
    sft: { seeds: [1, 2, 3] },
    soups: SOUPS,
    arms: { ppo: {} },
    rlhf: { iterations: 1 },
    evaluation: { pairs: [["mean", "sft-1"]], prompts: 4 },
  });

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-soups-"));
    run = await runTiny(written, folder);
  });
  after(() => fs.rm(folder, { recursive: true }));

  /** All weights of a model, one after the other. */
  async function weightsOf(name: string): Promise<Float32Array> {
    const { weights } = await loadModel(artifactOf(run, name));
    const all = [...weights.values()].map(({ data }) => data);
    const flat = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const data of all) {
      flat.set(data, at);
      at += data.length;
    }
    return flat;
  }

  async function mixed(shares: readonly number[]): Promise<Float32Array> {
    const models = await Promise.all(["sft-1", "sft-2", "sft-3"].map(weightsOf));
    return Float32Array.from(models[0] ?? [], (_, at) =>
      shares.reduce((sum, share, model) => sum + share * (models[model]?.[at] ?? NaN), 0),
    );
  }

  for (const [name, shares] of Object.entries({
    mean: [1 / 3, 1 / 3, 1 / 3],
    middle: [0.5, 0.5],
    beyond: [-0.5, 1.5],
    before: [1.25, -0.25],
    inner: [0.5, 0.2, 0.3],
    shares: [0.5, 0.2, 0.3],
  })) {
    it(`${name} is the SFTs mixed by ${shares.map((share) => share.toFixed(2)).join(", ")}`, async () => {
      assertClose(name, await weightsOf(name), await mixed(shares), ROUNDING);
    });
  }

  it("the SFTs differ, so that mixing them means something", async () => {
    const [a, b] = [await weightsOf("sft-1"), await weightsOf("sft-2")];
    assert.ok(a.some((value, at) => value !== b[at]));
  });

  for (const name of ["byGold", "byLoss", "byReward"]) {
    it(`${name} is the mean of some of the SFTs`, async () => {
      const soup = await weightsOf(name);
      const subsets = [1, 2, 3, 4, 5, 6, 7].map((bits) => [0, 1, 2].map((at) => (bits >> at) & 1));
      const distances = await Promise.all(
        subsets.map(async (chosen) => {
          const n = chosen.reduce((sum, one) => sum + one, 0);
          const mean = await mixed(chosen.map((one) => one / n));
          return soup.reduce((most, value, at) => Math.max(most, Math.abs(value - (mean[at] ?? NaN))), 0);
        }),
      );
      assert.ok(Math.min(...distances) < ROUNDING, `distances to the means: ${distances.join(", ")}`);
    });
  }

  it("trained weighs tensors by shares that add up to 1, so it lies among the SFTs", async () => {
    const [soup, ...sfts] = await Promise.all(["trained", "sft-1", "sft-2", "sft-3"].map(weightsOf));
    for (const [at, value] of (soup ?? []).entries()) {
      const corners = sfts.map((weights) => weights[at] ?? NaN);
      assert.ok(value >= Math.min(...corners) - ROUNDING && value <= Math.max(...corners) + ROUNDING);
    }
  });

  it("stock lies between the base model and the SFTs' mean", async () => {
    const [soup, base, mean] = await Promise.all([weightsOf("stock"), weightsOf("base"), mixed([1 / 3, 1 / 3, 1 / 3])]);
    for (const [at, value] of soup.entries()) {
      const ends = [base[at] ?? NaN, mean[at] ?? NaN];
      assert.ok(value >= Math.min(...ends) - ROUNDING && value <= Math.max(...ends) + ROUNDING);
    }
  });

  it("arc lies near the line for SFTs that point nearly the same way", async () => {
    // sin((1−α)ω)/sin ω = (1−α)(1 + O(ω²)): SFTs of a few small steps are apart by an angle of some 1e-2.
    assertClose("arc", await weightsOf("arc"), await mixed([0.7, 0.3]), 1e-3);
  });

  it("a policy may start at a soup", async () => {
    const started = await runTiny(
      {
        ...written,
        arms: { soupStart: { init: "mean", reference: "mean" } },
        evaluation: { benchmarks: ["inDistribution"], prompts: 4 },
      },
      folder,
    );
    assert.equal(started.status, "finished");
    assert.deepEqual(
      started.tables[1]?.rows.map((row) => row.slice(1, 3)),
      [["soupStart", "mean"]],
    );
  });
});
