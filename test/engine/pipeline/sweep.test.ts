import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { salsa } from "../../../engine/pipeline/salsa.ts";
import { computed, keysOf, resolved, runTiny, tableFiles, tiny } from "./tinyRun.ts";
import type { TinyRun, Written } from "./tinyRun.ts";

const ARMS = ["salsa_beta0.05_alpha0.3", "salsa_beta0.05_alpha0.6", "salsa_beta0.2_alpha0.3", "salsa_beta0.2_alpha0.6"];

const SWEPT = tiny({
  soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: { grid: [0.3, 0.6] } } },
  arms: { ppo: {}, salsa: { reference: "soup", beta: { grid: [0.05, 0.2] } } },
});

describe("a run of a grid of four", () => {
  let folders: readonly string[];
  let whole: TinyRun;
  before(async () => {
    folders = [await mkdtemp(join(tmpdir(), "salsa-sweep-")), await mkdtemp(join(tmpdir(), "salsa-sweep-"))];
    whole = await runTiny(SWEPT, folders[0] ?? "");
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  it("makes once what the arms share, and ends in a table of all", async () => {
    const shared = ["base", "sft-1", "sft-2", "preferences", "reward", "soup_alpha0.3", "soup_alpha0.6", "ppo"];
    const made = computed(whole).filter((name) => !name.includes(" on "));
    assert.deepEqual(made, [...shared, ...ARMS]);
    const rates = (await tableFiles(whole.folder)).get("winRates.csv") ?? "";
    for (const arm of ARMS) assert.ok(rates.includes(`,${arm},ppo,`), `${arm} is not in\n${rates}`);
  });

  it("makes what an arm written by itself would be, byte for byte the same artifact", async () => {
    const soups = { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.6 } };
    const alone = resolved(tiny({ soups, arms: { other: { reference: "soup", beta: 0.2 } } }), folders[0] ?? "");
    const stages = await planPipeline(alone, { runsRoot: alone.runtime.directory });
    const other = stages.find(({ id }) => id === "other");
    assert.deepEqual([other?.key, other?.cached], [keysOf(whole).get("salsa_beta0.2_alpha0.6"), true]);
  });

  it("stopped in its second arm and resumed, keeps the first and ends in the same table", async () => {
    const folder = folders[1] ?? "";
    const stop = new AbortController();
    const stopped = await runTiny(SWEPT, folder, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "metrics" && event.stage === ARMS[1]) stop.abort();
      },
    });
    assert.equal(stopped.status, "stopped");
    const resumed = await runTiny(SWEPT, folder, { resume: stopped.id });
    const left = computed(resumed).filter((name) => !name.includes(" on "));
    assert.deepEqual(left, ARMS.slice(1));
    assert.deepEqual(await tableFiles(resumed.folder), await tableFiles(whole.folder));
  });
});

const [SLOW, FAST] = ["sft.learningRate0.001", "sft.learningRate0.004"];
const SFTS_SWEPT = tiny({
  sft: { learningRate: { grid: [0.001, 0.004] } },
  reward: { epochs: { grid: [1, 2] } },
  arms: { ppo: {}, salsa: { reference: "soup", beta: 0.2 } },
});

describe("a run of grids of its SFTs and its reward model", () => {
  let folder: string;
  let run: TinyRun;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-sweep-"));
    run = await runTiny(SFTS_SWEPT, folder);
  });
  after(() => rm(folder, { recursive: true }));

  it("makes once what does not depend on them, each model once, and ends in a table of all", async () => {
    const products = (of: string, axes: readonly string[]): readonly string[] => axes.map((axis) => `${of}_${axis}`);
    const rates = [SLOW, FAST];
    const both = rates.flatMap((rate) => [`${rate}_reward.epochs1`, `${rate}_reward.epochs2`]);
    const made = computed(run).filter((name) => !name.includes(" on "));
    assert.deepEqual(made, [
      "base",
      ...["sft-1", "sft-2", "preferences"].flatMap((of) => products(of, rates)),
      ...products("reward", both),
      ...products("soup", rates),
      ...["ppo", "salsa"].flatMap((of) => products(of, both)),
    ]);
    const table = (await tableFiles(run.folder)).get("winRates.csv") ?? "";
    for (const axes of both) assert.ok(table.includes(`,salsa_${axes},ppo_${axes},`), `${axes} is not in\n${table}`);
  });

  it("makes what every value written by itself would, byte for byte the same artifacts", async () => {
    const written = tiny({
      sft: { learningRate: 0.004 },
      reward: { epochs: 2 },
      arms: { other: { reference: "soup", beta: 0.2 } },
    });
    const alone = resolved(written, folder);
    const stages = await planPipeline(alone, { runsRoot: alone.runtime.directory });
    const trained = stages.filter(({ benchmark }) => benchmark === undefined);
    const names = ["base", `sft-1_${FAST}`, `sft-2_${FAST}`, `preferences_${FAST}`].concat(
      ...[`reward_${FAST}_reward.epochs2`, `soup_${FAST}`, `salsa_${FAST}_reward.epochs2`],
    );
    const keys = keysOf(run);
    assert.deepEqual(
      trained.map(({ key, cached }) => [key, cached]),
      names.map((name) => [keys.get(name), true]),
    );
  });

  it("scores all answers by one reward model, and has each arm learn from its own", () => {
    const { stages } = salsa(run.config).recipe;
    const rewardsOf = (kind: string, product = ""): readonly string[] => {
      const own = stages.filter(({ info }) => info.kind === kind && info.product.startsWith(product));
      return [...new Set(own.flatMap(({ info }) => info.inputs.filter((id) => id.startsWith("reward_"))))];
    };
    assert.deepEqual(rewardsOf("answers"), [`reward_${SLOW}_reward.epochs1`]);
    assert.deepEqual(rewardsOf("rlhf", `salsa_${FAST}_reward.epochs2`), [`reward_${FAST}_reward.epochs2`]);
    assert.equal(rewardsOf("rlhf").length, 4);
  });
});

describe("the recipe of a sweep upstream of its arms", () => {
  const inputsOf = (written: Written, product: string): readonly string[] => {
    const stage = salsa(resolved(written, "/x")).recipe.stages.find(({ info }) => info.id === product);
    return stage?.info.inputs ?? [];
  };

  it("has each of several reward models of one mean made of its own values", () => {
    const written = tiny({ reward: { init: "base", seeds: [1, 2], epochs: { grid: [1, 2] } }, arms: { a: {} } });
    assert.deepEqual(inputsOf(written, "reward_reward.epochs2"), [
      ...["reward-1_reward.epochs2", "reward-2_reward.epochs2", "preferences"],
    ]);
  });

  it("drops arms at a rung by one reward model, and no stage before them", () => {
    const written = tiny({ ...SFTS_SWEPT, halving: { rungs: 1 } });
    const { stages } = salsa(resolved(written, "/x")).recipe;
    const gated = stages.filter(({ gate }) => gate !== undefined).map(({ info }) => info.kind);
    assert.deepEqual(new Set(gated), new Set(["rlhf"]));
    const rungs = stages.filter(({ info }) => info.kind === "answers" && info.rung === 1);
    const scorers = rungs.flatMap(({ info }) => info.inputs.filter((id) => id.startsWith("reward_")));
    assert.deepEqual([rungs.length, [...new Set(scorers)]], [8, [`reward_${SLOW}_reward.epochs1`]]);
  });

  it("starts all SFTs of a swept base model from theirs", () => {
    const written = tiny({ model: { pretrain: { steps: { grid: [4, 8] } } }, arms: { a: {} } });
    assert.deepEqual(inputsOf(written, "sft-2_pretrain.steps8"), ["base_pretrain.steps8"]);
    assert.deepEqual(inputsOf(written, "a_pretrain.steps8"), ["sft-1_pretrain.steps8", "reward_pretrain.steps8"]);
  });
});
