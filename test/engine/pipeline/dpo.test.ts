import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { mean } from "../../../engine/evaluation/statistics/mean.ts";
import { type Panel, type XYSeries, lastTenth } from "../../../engine/figures/index.ts";
import { figuresOfRun, planPipeline } from "../../../engine/pipeline/index.ts";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData } from "./ownData.ts";
import {
  type TinyRun,
  type Written,
  artifactOf,
  computed,
  keysOf,
  metricOf,
  resolved,
  runTiny,
  tiny,
} from "./tinyRun.ts";

const SETTINGS: Readonly<Record<string, Written>> = {
  plain: { reference: "sft-1" },
  soupDpo: { reference: "soup" },
  several: { reference: ["sft-1", "sft-2"] },
  startsElsewhere: { init: "soup", reference: "base" },
  hinge: { reference: "soup", dpoLoss: "hinge" },
  ipo: { reference: "soup", dpoLoss: "ipo" },
  smoothed: { reference: "soup", labelSmoothing: 0.2 },
  accumulated: { reference: "soup", minibatchSize: 2, gradientAccumulation: 2 },
  twice: { reference: "soup", dpoEpochs: 2, schedule: "cosine", warmupRatio: 0.1, maxGradNorm: 1, weightDecay: 0.01 },
};

const METRICS = [
  ...["dpo/loss", "dpo/gradNorm", "dpo/margin", "dpo/accuracy", "dpo/chosenReward", "dpo/rejectedReward"],
  ...["objective/kl", "objective/gold", "policy/entropy", "rollout/length", "rollout/eosRate"],
];

/** Arms by DPO, whose every step is recorded. */
function dpoRun(arms: Readonly<Record<string, Written>>, more: Written = {}): Written {
  return tiny({
    rlhf: { method: "dpo", beta: 0.3 },
    arms,
    evaluation: { prompts: 4, pairs: [[Object.keys(arms)[0] ?? "", "sft-1"]] },
    runtime: { metricsEvery: 1 },
    ...more,
  });
}

describe("DPO in a run", function () {
  this.timeout(240_000);
  let folder: string;
  let run: TinyRun;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-dpo-"));
    run = await runTiny(dpoRun(SETTINGS), folder);
  });
  after(() => fs.rm(folder, { recursive: true }));

  for (const [arm, { init = "sft-1" }] of Object.entries(SETTINGS)) {
    it(`${arm} gives finite metrics, and a policy that moved`, async () => {
      for (const metric of METRICS) {
        const values = metricOf(run, arm, metric);
        assert.ok(
          values.length > 0 && values.every((value) => typeof value === "number"),
          `${metric}: ${values.join()}`,
        );
      }
      const [start, policy] = [await loadModel(artifactOf(run, String(init))), await loadModel(artifactOf(run, arm))];
      assert.deepEqual([...policy.weights.keys()], [...start.weights.keys()]);
      assert.ok(
        [...policy.weights].some(([name, { data }]) => data.some((x, at) => x !== start.weights.get(name)?.data[at])),
      );
    });
  }

  it("learns from the reward model's pairs but those that it is measured on, an optimizer step a minibatch", () => {
    // 40 pairs, of which 4 are kept back: 36 in minibatches of 4, one after the other or two a step.
    assert.equal(metricOf(run, "plain", "dpo/loss").length, 9);
    assert.equal(metricOf(run, "accumulated", "dpo/loss").length, 9);
    assert.equal(metricOf(run, "twice", "dpo/loss").length, 18);
    const [accuracy] = metricOf(run, "plain", "dpo/heldOutAccuracy");
    assert.ok(typeof accuracy === "number" && accuracy >= 0 && accuracy <= 1);
    const { inputs } = stageOf(run, "plain");
    assert.ok(inputs.includes("preferences"));
    assert.ok(!inputs.includes("reward"), "the reward model has no say");
  });

  it("begins at margin 0 and KL 0 where the policy starts as its reference, and elsewhere not", () => {
    assert.ok(Math.abs((metricOf(run, "plain", "dpo/loss")[0] ?? NaN) - Math.LN2) < 1e-5);
    assert.ok(Math.abs(metricOf(run, "plain", "dpo/margin")[0] ?? NaN) < 1e-5);
    assert.ok(Math.abs(metricOf(run, "plain", "objective/kl")[0] ?? NaN) < 1e-4);
    assert.ok(Math.abs(metricOf(run, "soupDpo", "dpo/margin")[0] ?? NaN) > 1e-3);
    assert.ok(Math.abs(metricOf(run, "soupDpo", "objective/kl")[0] ?? NaN) > 1e-3);
    const ipo = metricOf(run, "ipo", "dpo/loss")[0] ?? NaN;
    assert.ok(Number.isFinite(ipo) && Math.abs(ipo - (1 / (2 * 0.3)) ** 2) < 2, "near the square of 1/(2β)");
  });

  it("takes the mean log-prob of several references: margins and KL before the first step are the mean of each one's", async () => {
    const other = await runTiny(dpoRun({ theirs: { reference: "sft-2" } }), folder);
    for (const metric of ["dpo/margin", "dpo/chosenReward", "objective/kl"]) {
      const first = (of: TinyRun, arm: string): number => metricOf(of, arm, metric)[0] ?? NaN;
      const [own, theirs, both] = [first(run, "plain"), first(other, "theirs"), first(run, "several")];
      assert.ok(Math.abs((own + theirs) / 2 - both) < 1e-4, `${metric}: ${own} ${theirs} ${both}`);
    }
  });

  it("prefers the chosen more than its reference does in the end", () => {
    for (const arm of ["plain", "twice"]) {
      const margins = metricOf(run, arm, "dpo/margin");
      assert.ok((margins.at(-1) ?? NaN) > (margins[0] ?? NaN), `${arm}: ${margins.join()}`);
    }
  });

  it("has its answers judged beside the others'", () => {
    const winRates = run.tables.find(({ name }) => name === "winRates");
    assert.ok(winRates?.rows.some((row) => row.includes("plain") && row.includes("sft-1")));
  });

  it("changes no other artifact, and trains again for its own settings alone", async () => {
    const ppo = await runTiny(tiny({ arms: { ppo: {} }, evaluation: { prompts: 4 } }), folder);
    assert.deepEqual(
      computed(ppo).filter((stage) => !stage.includes("inDistribution")),
      ["ppo"],
    );
    const plans = await Promise.all(
      [{}, { reward: { learningRate: 5e-4 } }, { reward: { heldOut: 0.2 } }].map(async (more: Written) => {
        const config = resolved(dpoRun({ plain: SETTINGS["plain"] ?? {} }, more), folder);
        const stages = await planPipeline(config, { runsRoot: config.runtime.directory });
        return stages.find(({ id }) => id === "plain");
      }),
    );
    assert.deepEqual(
      plans.map((stage) => stage?.cached),
      [true, true, false],
    );
    for (const stage of plans)
      assert.ok(stage !== undefined && stage.parameters > 0 && stage.memoryBytes > 0 && stage.estimatedSeconds >= 0);
  });

  it("keeps samples of the policy as it learns, with its KL token by token", async () => {
    const lines = (await fs.readFile(path.join(run.folder, "samples.jsonl"), "utf8")).trim().split("\n");
    const samples = lines.map(
      (line) => JSON.parse(line) as { stage: string; tokens: string[]; kl: number[]; score: null },
    );
    const own = samples.filter(({ stage }) => stage === "soupDpo");
    assert.ok(own.length >= 4);
    for (const { tokens, kl, score } of own) {
      assert.equal(kl.length, tokens.length);
      assert.equal(score, null);
    }
  });

  it("stopped in the middle and resumed, ends with the same bytes, and does not ask the reference again", async () => {
    const written = dpoRun(
      { soupDpo: { reference: "soup", dpoEpochs: 2 } },
      { runtime: { metricsEvery: 1, checkpointEvery: 4 } },
    );
    const whole = await runTiny(written, path.join(folder, "whole"));
    const stop = new AbortController();
    const root = path.join(folder, "stopped");
    const stopped = await runTiny(written, root, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "progress" && event.stage === "soupDpo" && event.step === 7) stop.abort();
      },
    });
    assert.equal(stopped.status, "stopped");
    assert.deepEqual(
      (await savedShapes(root)).filter(([name]) => name.startsWith("reference.")),
      [
        ["reference.chosen", [40]],
        ["reference.rejected", [40]],
      ],
    );
    const resumed = await runTiny(written, root, { resume: stopped.id });
    assert.deepEqual(
      computed(resumed).filter((stage) => !stage.includes("inDistribution")),
      ["soupDpo"],
    );
    const [a, b] = [await loadModel(artifactOf(whole, "soupDpo")), await loadModel(artifactOf(resumed, "soupDpo"))];
    for (const [name, { data }] of a.weights) assert.deepEqual(b.weights.get(name)?.data, data, name);
    for (const metric of METRICS) {
      const all = metricOf(whole, "soupDpo", metric);
      const later = metricOf(resumed, "soupDpo", metric);
      assert.deepEqual(all.slice(-later.length), later, metric);
    }
  });

  it("chooses among several β on the validation split", async () => {
    const chosen = await runTiny(dpoRun({ soupDpo: { reference: "soup", beta: [0.1, 0.3] } }), folder);
    assert.ok([0.1, 0.3].includes(metricOf(chosen, "soupDpo", "choice/beta")[0] ?? NaN));
    assert.equal(keysOf(chosen).get("soupDpo (β 0.3)"), keysOf(run).get("soupDpo"), "one of them was trained before");
  });

  it("has its points in the figures over β: a final policy's answers, and what training samples", async () => {
    const swept = await runTiny(
      dpoRun({ swept: { beta: [0.1, 0.9] }, once: { reference: "soup", beta: 0.4 } }),
      folder,
    );
    const [front, collapse] = await figuresOfRun(swept.folder, { names: ["front", "collapse"] });
    const seriesOf = (panel: Panel | undefined): readonly XYSeries[] => (panel?.kind === "xy" ? panel.series : []);
    const series = seriesOf(front?.spec?.panels[0]);
    const rewards = (await readAnswers(artifactOf(swept, "once on inDistribution"))).map(({ reward }) => reward);
    const kl = mean(lastTenth(metricOf(swept, "once", "objective/kl")));
    const once = series.find(({ name }) => name === "once")?.points[0];
    assert.deepEqual([once?.x, once?.value, once?.n], [kl, mean(rewards), 4]);
    assert.deepEqual(
      series.map(({ name, points }) => [name, points.map(({ n }) => n)]),
      [
        ["swept", [16, 16]],
        ["once", [4]],
      ],
    );
    assert.deepEqual(
      collapse?.spec?.panels.map((panel) => [
        panel.title,
        seriesOf(panel).map(({ points }) => points.map(({ x }) => x)),
      ]),
      ["Length", "Repetition", "Entropy"].map((title) => [title, [[0.1, 0.9]]]),
    );
  });

  it("trains adapters, whose references share the base", async () => {
    const lora = dpoRun(
      { soupDpo: { reference: "soup" }, both: { reference: ["base", "sft-2"] } },
      {
        model: {
          ...{ architecture: undefined, pretrain: undefined },
          ...{ checkpoint: artifactOf(run, "base"), lora: { rank: 2, alpha: 4 } },
        },
        rlhf: { method: "dpo", beta: 0.3, maxNewTokens: 12, learningRate: 1e-2 },
        evaluation: { prompts: 4, pairs: [["soupDpo", "sft-1"]], sampling: { maxNewTokens: 12 } },
      },
    );
    const adapted = await runTiny(lora, path.join(folder, "lora"));
    for (const arm of ["soupDpo", "both"]) {
      const files = await fs.readdir(artifactOf(adapted, arm));
      assert.ok(files.includes("adapter_model.safetensors") && !files.includes("model.safetensors"), arm);
      const margins = metricOf(adapted, arm, "dpo/margin");
      assert.ok((margins.at(-1) ?? NaN) > (margins[0] ?? NaN), margins.join());
    }
  });
});

describe("DPO on data of one's own", function () {
  this.timeout(120_000);

  it("learns the file's pairs beside a reward model from outside", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const rlhf = { iterations: 1, batchSize: 4, minibatchSize: 4, maxNewTokens: 8 };
      const first = await runTiny({ ...written, arms: { ppo: {} }, rlhf }, folder);
      const run = await runTiny(
        {
          ...written,
          reward: { checkpoint: artifactOf(first, "reward"), heldOut: 0, pairs: 12 },
          rlhf: { method: "dpo", minibatchSize: 4, maxNewTokens: 8, beta: 0.3, learningRate: 1e-3 },
          arms: { soupDpo: { reference: "soup" } },
          runtime: { threads: 1, metricsEvery: 1 },
        },
        folder,
      );
      assert.ok(!computed(run).some((stage) => stage.startsWith("reward") || stage === "preferences"));
      assert.equal(metricOf(run, "soupDpo", "dpo/loss").length, 3);
      assert.deepEqual(metricOf(run, "soupDpo", "dpo/heldOutAccuracy"), []);
      assert.deepEqual(metricOf(run, "soupDpo", "objective/gold"), [], "nobody knows it");
    });
  });
});

describe("DPO on pairs that are cut", function () {
  this.timeout(120_000);

  it("leaves out those of which no response is left, and says how many", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await runTiny(dpoRun({ plain: { reference: "sft-1" } }, { reward: { maxLength: 8 } }), folder);
      const notes = run.events.flatMap((event) => {
        return event.kind === "note" && event.stage === "plain" ? [event.message] : [];
      });
      const [, count = ""] =
        /^(\d+) pairs of .* have a response without tokens once cut, and are left out$/m.exec(notes.join("\n")) ?? [];
      assert.ok(Number(count) > 0 && Number(count) < 36, notes.join("\n"));
      assert.equal(metricOf(run, "plain", "dpo/loss").length, Math.ceil((36 - Number(count)) / 4));
    });
  });
});

function stageOf(run: TinyRun, id: string): { readonly inputs: readonly string[] } {
  const started = run.events.find((event) => event.kind === "runStarted");
  const stage = started?.stages.find((one) => typeof one !== "string" && one.id === id);
  assert.ok(typeof stage === "object");
  return stage;
}

/** Names and shapes of the tensors in the only savepoint below a root. */
async function savedShapes(root: string): Promise<(readonly [string, readonly number[]])[]> {
  const files = await fs.readdir(root, { recursive: true });
  const saved = files.filter((file) => file.endsWith("tensors.safetensors"));
  assert.equal(saved.length, 1, files.join("\n"));
  const file = await openSafetensors(path.join(root, saved[0] ?? ""));
  await file.close();
  return [...file.tensors].map(([name, { shape }]) => [name, shape] as const);
}
