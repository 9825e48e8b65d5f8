import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { TableRow } from "../../../engine/evaluation/table.ts";
import { readModels } from "../../../engine/storage/formats/models.ts";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { readJsonl } from "../../../engine/storage/datasets.ts";
import { Random } from "../../../engine/training/index.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { miniInstruct, ownData, writeJsonl } from "./ownData.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { type Written, artifactOf, computed, keysOf, metricOf, resolved, runTiny } from "./tinyRun.ts";

describe("a run over data files and a checkpoint", function () {
  this.timeout(120_000);
  let folder: string;
  let written: Written;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-own-data-"));
    written = await ownData(folder);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("goes from SFT to tables judged by the reward model", async () => {
    const run = await runTiny(written, folder);
    assert.equal(run.status, "finished");
    const stages = [...keysOf(run).keys()];
    assert.ok(!stages.includes("base") && !stages.includes("preferences"), "both are given");
    const [scores, winRates] = run.tables;
    assert.ok(scores !== undefined && winRates !== undefined);
    assert.ok(!scores.columns.some(({ header }) => header === "gold"), "nobody knows a gold score");
    assert.deepEqual(new Set(scores.rows.map(([benchmark]) => benchmark)), new Set(["mine", "other"]));
    assert.match(winRates.title, /reward model/);
    const models = await readModels(run.folder);
    assert.deepEqual(models?.find(({ product }) => product === "base")?.kind, "base");
    assert.equal(winRates.rows.length, 2 * 3);
  });

  it("keeps the rollouts of a few prompts whenever they are drawn, to be read across steps", async () => {
    const rlhf = { ...(written["rlhf"] as Written), iterations: 15 };
    const run = await runTiny({ ...written, rlhf, arms: { ppo: {} } }, folder);
    const steps = new Map<unknown, Set<unknown>>();
    for await (const { fields } of readJsonl(path.join(run.folder, "samples.jsonl"))) {
      const { prompt, step } = fields;
      steps.set(prompt, (steps.get(prompt) ?? new Set()).add(step));
    }
    // 120 draws of at most 60 prompts: each at least twice, of which few are in the steps that are kept anyway.
    const [first = ""] = (await fs.readFile(path.join(folder, "prompts.jsonl"), "utf8")).split("\n");
    const { prompt } = JSON.parse(first) as { readonly prompt: string };
    assert.ok((steps.get(prompt)?.size ?? 0) >= 2, [...steps.values()].map(({ size }) => size).join());
  });

  it("notes where long prompts leave responses less room than they were to have", async () => {
    const notesOf = async (maxNewTokens: number): Promise<string[]> => {
      const rlhf = { ...(written["rlhf"] as Written), maxNewTokens };
      const { events } = await runTiny({ ...written, rlhf }, folder);
      return events.flatMap((event) =>
        event.kind === "note" && event.stage?.includes("ppo") === true ? [event.message] : [],
      );
    };
    assert.match(
      (await notesOf(1000)).join(),
      /responses have at most \d+ tokens instead of 1000: the longest prompt takes/,
    );
    assert.deepEqual(await notesOf(4), []);
  });

  it("is planned with the same stages and keys, and found the second time", async () => {
    const config = resolved(written, folder);
    const plan = await planPipeline(config, { runsRoot: config.runtime.directory });
    const run = await runTiny(written, folder);
    assert.deepEqual(
      [...keysOf(run)],
      plan.map(({ id, key }) => [id, key]),
    );
    assert.deepEqual(computed(await runTiny(written, folder)), []);
    for (const stage of plan) assert.ok(Number.isFinite(stage.estimatedSeconds), stage.id);
    const work = plan.filter(({ kind }) => ["sft", "reward", "rlhf"].includes(kind));
    assert.ok(work.every(({ memoryBytes }) => memoryBytes > 0));
  });

  it("is trained again from the stage on whose file has changed", async () => {
    await runTiny(written, folder);
    await writeJsonl(
      path.join(folder, "prompts.jsonl"),
      Array.from({ length: 20 }, () => ({ prompt: "copy: city answer:" })),
    );
    const again = computed(await runTiny(written, folder));
    assert.deepEqual(
      again,
      again.filter((stage) => /ppo|salsa/.test(stage)),
    );
    assert.ok(again.includes("ppo") && again.includes("salsa"));
  });

  it("reads what was written to a pair as its margin where the config says so", async () => {
    const plain = await runTiny(written, folder);
    const withMargin = await runTiny(
      { ...written, reward: { ...(written["reward"] as Written), margin: true } },
      folder,
    );
    const loss = (run: typeof plain): unknown => metricOf(run, "reward", "reward/loss")[0];
    assert.ok(Number(loss(withMargin)) > Number(loss(plain)), "a margin is harder to reach than none");
  });

  it("makes greedy and learned soups of examples that no SFT has seen", async () => {
    const soups = {
      byLoss: { method: "greedy" },
      byReward: { method: "greedy", score: "reward" },
      trained: { method: "learned", steps: 2 },
    };
    const first = await runTiny({ ...written, arms: { ppo: {} } }, folder);
    const second = await runTiny({ ...written, arms: { ppo: {} }, soups }, folder);
    assert.equal(second.status, "finished");
    assert.notEqual(keysOf(second).get("sft-1"), keysOf(first).get("sft-1"), "the SFT keeps examples back now");
  });

  it("says what a soup that is measured lacks when the file has too few examples to keep some back", async () => {
    await writeJsonl(path.join(folder, "sft.jsonl"), miniInstruct().sft(10, Random.of(1, "few")));
    for (const soup of [{ method: "learned" }, { method: "greedy", score: "loss" }]) {
      await assert.rejects(runTiny({ ...written, soups: { soup } }, folder), (error: unknown) => {
        assert.ok(error instanceof DataError, String(error));
        assert.match(error.message, /sft\.jsonl: .*10 examples.*; /);
        return true;
      });
    }
  });

  it("says what a greedy soup by reward lacks when no prompt can be kept back", async () => {
    await writeJsonl(path.join(folder, "prompts.jsonl"), [{ prompt: "copy: city answer:" }]);
    await assert.rejects(
      runTiny({ ...written, soups: { soup: { method: "greedy", score: "reward" } } }, folder),
      DataError,
    );
  });

  it("says what a list of β lacks when no prompt can be kept back", async () => {
    await writeJsonl(path.join(folder, "prompts.jsonl"), [{ prompt: "copy: city answer:" }]);
    await assert.rejects(runTiny({ ...written, arms: { ppo: { beta: [0.1, 0.2] } } }, folder), DataError);
  });

  it("runs without benchmarks and gives tables without rows", async () => {
    const data = { ...(written["data"] as Written), benchmarks: undefined };
    const run = await runTiny({ ...written, data }, folder);
    assert.equal(run.status, "finished");
    assert.deepEqual(
      run.tables.map(({ rows }) => rows),
      [[], []],
    );
  });

  it("counts the prompts there are in its title, not those asked for", async () => {
    const { evaluation } = written;
    const run = await runTiny({ ...written, evaluation: { ...(evaluation as Written), prompts: 500 } }, folder);
    const n = run.tables[1]?.columns.findIndex(({ header }) => header === "n") ?? -1;
    assert.equal(run.tables[1]?.rows[0]?.[n], "6");
    assert.ok(!run.tables[1].title.includes("500"), run.tables[1].title);
  });

  it("keeps with the answers what a benchmark says of its prompts, for judges", async () => {
    const prompt = "copy: city answer:";
    const lines = [{ prompt, category: "math", reference: "city thanks" }, { prompt, category: 3 }, { prompt }];
    await writeJsonl(path.join(folder, "mine.jsonl"), lines);
    const run = await runTiny({ ...written, arms: { ppo: {} } }, folder);
    const answers = await readAnswers(artifactOf(run, "ppo on mine"));
    assert.deepEqual(
      answers.map(({ category, reference }) => [category, reference]),
      [
        ["math", "city thanks"],
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
  });

  it("is no surer of its win rates for a benchmark that repeats its prompts", async () => {
    const asked = miniInstruct().prompts("train", 6, Random.of(9, "six"));
    const lines = (nTimes: number): object[] =>
      Array.from({ length: nTimes }, () => asked.map((prompt) => ({ prompt }))).flat();
    await writeJsonl(path.join(folder, "mine.jsonl"), lines(1));
    await writeJsonl(path.join(folder, "other.jsonl"), lines(4));
    // Greedy, so that a prompt gets the same answer each time.
    const evaluation = { prompts: 24, sampling: { maxNewTokens: 8, temperature: 0 } };
    const run = await runTiny({ ...written, evaluation }, folder);
    const rows = JSON.parse(await fs.readFile(path.join(run.folder, "tables", "winRates.json"), "utf8")) as TableRow[];
    const [once, often] = ["mine", "other"].map((name) => rows.filter(({ benchmark }) => benchmark === name));
    assert.ok(once !== undefined && often !== undefined && once.length === 3);
    assert.ok(
      once.some(({ low, high }) => high - low < 1),
      "some interval says something",
    );
    for (const [index, { n, adjusted, low, high, p }] of once.entries()) {
      const repeated: TableRow | undefined = often[index];
      assert.ok(repeated !== undefined);
      assert.equal(repeated.n, 4 * n);
      // Four times the same sum differs in the last digits.
      for (const [mine, other] of [
        [adjusted, repeated.adjusted],
        [low, repeated.low],
        [high, repeated.high],
        [p, repeated.p],
      ] as const) {
        assert.ok(Math.abs(mine - other) < 1e-12, `${mine}, repeated ${other}`);
      }
    }
  });

  it("refuses prompts that leave no room for an answer in the model's positions", async () => {
    const long = Array.from({ length: 70 }, () => "city").join(" ");
    await writeJsonl(
      path.join(folder, "prompts.jsonl"),
      Array.from({ length: 20 }, () => ({ prompt: long })),
    );
    await assert.rejects(runTiny(written, folder), (error: unknown) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, /prompts.*tokens.*64/);
      return true;
    });
  });

  it("bounds answers by the model's positions when no length is given", async () => {
    const { maxNewTokens: _own, ...rlhf } = written["rlhf"] as Written;
    const run = await runTiny({ ...written, rlhf, arms: { ppo: {} }, soups: {}, evaluation: { prompts: 2 } }, folder);
    const tokens = run.tables[0]?.columns.findIndex(({ header }) => header === "tokens") ?? -1;
    for (const row of run.tables[0]?.rows ?? []) assert.ok(Number(row[tokens]) < 64);
  });
});
