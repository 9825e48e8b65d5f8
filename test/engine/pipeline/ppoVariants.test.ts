import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { KL_KINDS } from "../../../engine/rl/kl.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type TinyRun, type Written, artifactOf, computed, metricOf, runTiny, tiny } from "./tinyRun.ts";

const SETTINGS: Readonly<Record<string, Written>> = {
  ...Object.fromEntries(KL_KINDS.map((klKind) => [klKind, { klKind, reference: "soup" }])),
  fixed: { klController: "fixed" },
  adaptive: { klController: "adaptive", klTarget: 0.001, klHorizon: 20 },
  separateCritic: { critic: "separate" },
  whitened: { whitenRewards: true },
  unwhitenedAdvantages: { whitenAdvantages: false },
  clipped: { scoreClip: 0.1 },
  scaled: { scoreScaling: true },
  normalised: { scoreScaling: true, scoreNormalizing: true, scoreClip: 3 },
  missingEos: { missingEosPenalty: 1 },
  afterEos: { scorePosition: "afterEos" },
  accumulated: { minibatchSize: 2, gradientAccumulation: 2 },
  oneMinibatch: { minibatchSize: 8 },
  mkl: { reference: ["sft-1", "sft-2"] },
  mklFull: { reference: ["sft-1", "sft-2"], klKind: "full" },
  ensemble: { reference: ["sft-1", "sft-2"], referenceMix: "logSpace" },
  byLength: { betaByLength: true },
  long: { minLength: 6, shortPenalty: 0.5 },
  ema: { movingReference: "ema", referenceRate: 0.5 },
  reset: { movingReference: "reset" },
  trajectory: { movingReference: "trajectory", reference: "soup" },
  entropy: { entropyCoefficient: 0.01 },
  cool: { temperature: 0.7 },
  clippedGradients: { maxGradNorm: 0.5, schedule: "linear", warmupRatio: 0.5, weightDecay: 0.01 },
  otherReference: { reference: "sft-2" },
};

/** Everything that is computed from scores, log-probs and updates; a NaN anywhere in them shows in one of these. */
const METRICS = ["objective/kl", "objective/score", "objective/gold", "loss/total", "policy/ratio", "policy/gradNorm"];

describe("variants of PPO in a run", function () {
  this.timeout(240_000);
  let folder: string;
  let run: TinyRun;
  const written = tiny({
    rlhf: { iterations: 2 },
    evaluation: { prompts: 2, pairs: [["kl", "sft-1"]] },
    arms: SETTINGS,
  });

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-ppo-"));
    run = await runTiny(written, folder);
  });
  after(() => fs.rm(folder, { recursive: true }));

  for (const arm of Object.keys(SETTINGS)) {
    it(`${arm} gives finite metrics in both iterations, and a policy that moved`, async () => {
      for (const metric of METRICS) {
        const values = metricOf(run, arm, metric);
        assert.equal(values.length, 2, `${metric} is reported in every iteration`);
        assert.ok(
          values.every((value) => typeof value === "number"),
          `${metric}: ${values.join(", ")}`,
        );
      }
      const [start, policy] = [await loadModel(artifactOf(run, "sft-1")), await loadModel(artifactOf(run, arm))];
      assert.deepEqual([...policy.weights.keys()], [...start.weights.keys()], "no value head or critic is left in it");
      const moved = [...policy.weights].some(([name, { data }]) =>
        data.some((value, at) => value !== start.weights.get(name)?.data[at]),
      );
      assert.ok(moved);
      for (const { data } of policy.weights.values()) assert.ok(data.every(Number.isFinite));
    });
  }

  it("the KL to the start is 0 before the first update, and mkl's is the mean of its two references'", () => {
    assert.deepEqual(metricOf(run, "fixed", "objective/kl")[0], 0);
    const [own, other, both] = ["fixed", "otherReference", "mkl"].map(
      (arm) => metricOf(run, arm, "objective/kl")[0] ?? NaN,
    );
    // f32 log-probs, summed in f64: the mean of the KLs is the KL of the mean but for rounding.
    assert.ok(Math.abs((both ?? NaN) - ((own ?? NaN) + (other ?? NaN)) / 2) < 1e-6);
  });

  it("the KL to the ensemble is the mean KL but for log Z, which is below 0 where the references differ", () => {
    const [mean, ensemble] = ["mkl", "ensemble"].map((arm) => metricOf(run, arm, "objective/kl")[0] ?? NaN);
    // Before the first update both arms have sampled the same tokens.
    assert.ok((ensemble ?? NaN) < (mean ?? NaN) - 1e-6, `${ensemble} ${mean}`);
  });

  it("the KL to a reference that is reset is 0 at the start of every iteration", () => {
    const kls = metricOf(run, "reset", "objective/kl");
    assert.equal(kls.length, 2);
    // Two programs sum the same f32 products: of some 100 tokens a few 1e-6 each.
    for (const kl of kls) assert.ok(Math.abs(kl ?? NaN) < 1e-4, `${kl}`);
    assert.ok(Math.abs(metricOf(run, "fixed", "objective/kl")[1] ?? 0) > 1e-4, "a fixed one is left behind");
  });

  it("an adaptive β moves and a fixed one does not", () => {
    const [fixed, adaptive] = ["fixed", "adaptive"].map((arm) => metricOf(run, arm, "objective/beta"));
    assert.equal(new Set(fixed).size, 1);
    assert.equal(new Set(adaptive).size, 2);
  });
});

describe("a run whose reference moves", function () {
  this.timeout(120_000);

  it("stopped in the middle and resumed, ends with the weights of one that was not", async () => {
    const written = tiny({
      rlhf: { iterations: 4 },
      arms: { moving: { reference: "soup", movingReference: "trajectory", referenceEvery: 2 } },
      evaluation: { prompts: 2, pairs: [["moving", "sft-1"]] },
      runtime: { checkpointEvery: 10 },
    });
    await inTemporaryFolder(async (folder) => {
      const whole = await runTiny(written, path.join(folder, "whole"));
      const stop = new AbortController();
      const root = path.join(folder, "stopped");
      const stopped = await runTiny(written, root, {
        signal: stop.signal,
        onEvent: (event) => {
          // After the third iteration the reference is no longer the soup.
          if (event.kind === "progress" && event.stage === "moving" && event.step === 3) stop.abort();
        },
      });
      assert.equal(stopped.status, "stopped");
      const resumed = await runTiny(written, root, { resume: stopped.id });
      assert.deepEqual(
        computed(resumed),
        computed(resumed).filter((stage) => /moving|inDistribution/.test(stage)),
      );
      const [a, b] = [await loadModel(artifactOf(whole, "moving")), await loadModel(artifactOf(resumed, "moving"))];
      for (const [name, { data }] of a.weights) assert.deepEqual(b.weights.get(name)?.data, data, name);
      const kls = [whole, resumed].map((run) => metricOf(run, "moving", "objective/kl").at(-1));
      assert.equal(kls[0], kls[1]);
    });
  });
});

describe("a run on the tfjs backend", function () {
  this.timeout(240_000);

  it("gives what the wasm backend gives but for rounding", async () => {
    await inTemporaryFolder(async (folder) => {
      const settings = (backend: string): Written =>
        tiny({
          model: { pretrain: { steps: 2, batchSize: 4 } },
          sft: { steps: 2 },
          reward: { pairs: 8 },
          rlhf: { iterations: 1, ppoEpochs: 1 },
          evaluation: { prompts: 2 },
          runtime: { backend },
        });
      const [ours, theirs] = [await runTiny(settings("wasm"), folder), await runTiny(settings("tfjs"), folder)];
      assert.deepEqual(computed(theirs), computed(ours), "nothing of one backend is taken for the other");
      const [a, b] = [await loadModel(artifactOf(ours, "sft-1")), await loadModel(artifactOf(theirs, "sft-1"))];
      for (const [name, { data }] of a.weights) {
        for (const [at, value] of data.entries()) {
          // AdamW divides by the gradient's own size, so rounding near 0 can turn a step of 1e-3 around.
          assert.ok(Math.abs(value - (b.weights.get(name)?.data[at] ?? NaN)) < 1e-2, name);
        }
      }
    });
  });

  it("is refused before anything is made where its moves would be rounded away", async () => {
    const written = tiny({
      arms: { moving: { reference: "soup", movingReference: "ema" } },
      evaluation: { pairs: [["moving", "sft-1"]] },
      runtime: { backend: "tfjs", precision: "bf16" },
    });
    await inTemporaryFolder(async (folder) => {
      await assert.rejects(runTiny(written, folder), {
        name: "WeightsError",
        message: /bf16 would round its moves away; set "runtime": \{ "precision": "f32" \}/,
      });
      assert.deepEqual(await fs.readdir(path.join(folder, ".salsa", "artifacts")).catch(() => []), []);
    });
  });
});
