import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { exportRuns } from "../../../../engine/pipeline/export/index.ts";
import { parquetFile } from "../../../../engine/pipeline/export/parquetFile.ts";
import { fileRows } from "../../../../engine/data/rows/file.ts";
import { collect, inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { linesOf, stamped, writeRun } from "../../server/service/runFolders.ts";

const KEY = "rlhf-0123456789abcdef";
const ANSWERS = "answers-0123456789abcdef";
const JUDGMENTS = "judgments-0123456789abcdef";
const OTHERS = "judgments-2222222222222222";
const signal = new AbortController().signal;

const stage = (id: string, kind: string, more: object = {}): object => ({
  ...{ id, kind, title: kind, product: id, role: "result", inputs: [] },
  ...more,
});

/** Texts that CSV and spreadsheets have trouble with. */
const AWKWARD = '=1+1, "quoted"\r\nsecond 🙂';

const sample = (step: number, response: string, more: object = {}): object => ({
  ...{ stage: "ppo", step, prompt: "p", response, ended: true, score: step / 2 },
  ...{ tokens: ["a", "b"], logprobs: [0, 0], kl: [0, 0], rewards: [0, 0], advantages: [0, 0], values: [0, 0] },
  ...more,
});

/** A run with a stage of its own that was resumed, one that it took, answers and judgments. */
async function writeFullRun(folder: string): Promise<string> {
  const events = stamped([
    {
      ...{ kind: "runStarted", run: "one-1", name: "one", device: "wasm", resumed: false },
      stages: [
        stage("ppo", "rlhf", { seed: 7, beta: 0.5, role: "candidate" }),
        stage("salsa", "rlhf"),
        stage("ppo on b", "answers", { product: "ppo", benchmark: "b" }),
        stage("salsa vs ppo on b", "judgments", { product: "salsa", opponent: "ppo", benchmark: "b" }),
        stage("mkl vs ppo on b", "judgments", { product: "mkl", opponent: "ppo", benchmark: "b" }),
      ],
    },
    { kind: "stageStarted", stage: "ppo", key: "rlhf-1111111111111111", cached: false },
    { kind: "metrics", stage: "ppo", step: 1, values: { "objective/kl": 0.1, "objective/score": null } },
    { kind: "metrics", stage: "ppo", step: 2, values: { "objective/kl": 9 } },
    // It was killed, and went on from its first step.
    { kind: "metrics", stage: "ppo", step: 2, values: { "objective/kl": 1e-300 } },
    { kind: "stageFinished", stage: "ppo", seconds: 1 },
    { kind: "stageStarted", stage: "salsa", key: KEY, cached: true },
    { kind: "stageStarted", stage: "ppo on b", key: ANSWERS, cached: true },
    { kind: "stageStarted", stage: "salsa vs ppo on b", key: JUDGMENTS, cached: true },
    { kind: "stageStarted", stage: "mkl vs ppo on b", key: OTHERS, cached: true },
    { kind: "runFinished", status: "finished", seconds: 3 },
  ]);
  const run = await writeRun(folder, "one-1", { events });
  const salsa = path.join(folder, ".salsa");
  const put = async (name: string, records: readonly object[]): Promise<void> => {
    await fs.mkdir(path.dirname(path.join(salsa, name)), { recursive: true });
    await fs.writeFile(path.join(salsa, name), linesOf(records));
  };
  const twice = sample(1, "twice");
  await put("runs/one-1/samples.jsonl", [
    ...[sample(1, AWKWARD), sample(2, "lost"), sample(3, "lost, too"), sample(2, "-3", { score: null }), twice, twice],
  ]);
  await put(`records/${KEY}/events.jsonl`, [
    ...stamped([
      { kind: "stageStarted", stage: KEY, key: KEY, cached: false, from: "zero-1" },
      { kind: "metrics", stage: KEY, step: 1, values: { "objective/kl": 0.25 } },
    ]),
  ]);
  await put(`records/${KEY}/samples.jsonl`, [sample(1, "taken", { stage: KEY })]);
  const answer = { prompt: 0, question: "q", text: "a", ended: false, nTokens: 3, reward: null, gold: 1.5 };
  await put(`artifacts/${ANSWERS}/answers.jsonl`, [answer]);
  const comparison = { prompt: "0", outcome: "win", games: ["a", "tie"], lengths: [3, 4] };
  await put(`artifacts/${JUDGMENTS}/comparisons.jsonl`, [comparison]);
  const games = { g1_winner: "model_1", g2_winner: "tie", g1_user_prompt: "", g2_user_prompt: "" };
  const words = { g1_judgment: "[[A]]", g2_judgment: "[[C]]", judge: ["gold", "pair"], turn: 1, tstamp: 0 };
  await put(`artifacts/${JUDGMENTS}/judgments.jsonl`, [
    { question_id: 0, model_1: "salsa", model_2: "ppo", ...games, ...words },
  ]);
  const grade = { judge: ["judge-1", "single-v1"], user_prompt: "", judgment: "[[7.5]]", turn: 1, tstamp: 0 };
  const none = { ...grade, judgment: "no grade", score: -1 };
  await put(`artifacts/${JUDGMENTS}/grades.jsonl`, [
    { ...none, question_id: "q1", model: "salsa" },
    { ...none, question_id: "q1", model: "ppo" },
  ]);
  await put(`artifacts/${OTHERS}/grades.jsonl`, [{ ...grade, question_id: "q1", model: "ppo", score: 7.5 }]);
  return run;
}

const parquet = async (folder: string, name: string): Promise<readonly unknown[]> =>
  (await collect(fileRows(path.join(folder, `${name}.parquet`)))).map(({ fields }) => ({ ...fields }));

describe("Export Everything", () => {
  it("has every number that was recorded last, also of stages that earlier runs made, in Parquet and in CSV", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeFullRun(folder);
      const to = path.join(folder, "out");
      const { rows } = await exportRuns({ folders: [run], to, signal, targets: ["tensorboard", "mlflow", "wandb"] });
      assert.deepEqual(rows, { metrics: 4, samples: 2, answers: 1, judgments: 1, grades: 2, winRates: 0 });
      const metrics = (await parquet(to, "metrics")) as Readonly<Record<string, unknown>>[];
      assert.deepEqual(
        metrics.map(({ run: of, stage: id, product, seed, beta, metric, step, value }) => [
          ...[of, id, product, seed, beta, metric, step, value],
        ]),
        [
          ["one-1", "ppo", "ppo", 7, 0.5, "objective/kl", 1, 0.1],
          ["one-1", "ppo", "ppo", 7, 0.5, "objective/kl", 2, 1e-300],
          ["one-1", "ppo", "ppo", 7, 0.5, "objective/score", 1, null],
          ["one-1", "salsa", "salsa", null, null, "objective/kl", 1, 0.25],
        ],
      );
      const samples = (await parquet(to, "samples")) as Readonly<Record<string, unknown>>[];
      assert.deepEqual(
        samples.map(({ stage: id, step, response, tokens, score }) => [id, step, response, tokens, score]),
        [
          ["ppo", 1, "twice", 2, 0.5],
          ["salsa", 1, "taken", 2, 0.5],
        ],
      );
      assert.deepEqual(await parquet(to, "answers"), [
        {
          ...{ run: "one-1", model: "ppo", seed: null, beta: null, benchmark: "b", index: 0, category: "", turn: null },
          ...{ prompt: "q", response: "a", ended: false, tokens: 3, score: null, gold: 1.5 },
        },
      ]);
      const [judged] = (await parquet(to, "judgments")) as Readonly<Record<string, unknown>>[];
      assert.deepEqual(
        [
          judged?.["a"],
          judged?.["b"],
          judged?.["outcome"],
          judged?.["game2"],
          judged?.["judge"],
          judged?.["judgment2"],
        ],
        ["salsa", "ppo", "win", "tie", "gold", "[[C]]"],
      );
      // The opponent's answer has a grade in the second pair only.
      const graded = { run: "one-1", benchmark: "b", seed: null, question: "q1", turn: 1, judge: "judge-1" };
      assert.deepEqual(await parquet(to, "grades"), [
        { ...graded, model: "salsa", judgePrompt: "single-v1", grade: null, judgment: "no grade" },
        { ...graded, model: "ppo", judgePrompt: "single-v1", grade: 7.5, judgment: "[[7.5]]" },
      ]);
      const csv = await fs.readFile(path.join(to, "metrics.csv"), "utf8");
      assert.ok(csv.startsWith("run,stage,kind,product,seed,beta,metric,step,time,value\r\n"));
      assert.ok(csv.includes("one-1,ppo,rlhf,ppo,7,0.5,objective/kl,2,1700000004,1e-300\r\n"), csv);
      assert.ok(csv.includes("one-1,ppo,rlhf,ppo,7,0.5,objective/score,1,1700000002,\r\n"), csv);
      const readme = await fs.readFile(path.join(to, "README.md"), "utf8");
      assert.match(readme, /pd\.read_parquet\("judgments\.parquet"\)/);
      assert.match(readme, /tensorboard --logdir tensorboard/);
      const config = JSON.parse(await fs.readFile(path.join(to, "configs/one-1.json"), "utf8")) as { name: string };
      assert.equal(config.name, "one");
      assert.deepEqual((await fs.readdir(path.join(to, "tensorboard/one-1"))).sort(), ["ppo", "salsa"]);
      assert.deepEqual((await fs.readdir(folder)).sort(), [".salsa", "out"]);
    });
  });

  it("puts runs of one name apart, and keeps the rest of a text that spreadsheets would compute", async () => {
    await inTemporaryFolder(async (folder) => {
      const runs: string[] = [];
      for (const name of ["left", "right"]) runs.push(await writeFullRun(path.join(folder, name)));
      const [run = ""] = runs;
      await fs.writeFile(path.join(run, "samples.jsonl"), linesOf([sample(1, AWKWARD)]));
      const to = path.join(folder, "made", "out");
      await exportRuns({ folders: runs, to, signal });
      const samples = (await parquet(to, "samples")) as Readonly<Record<string, unknown>>[];
      assert.deepEqual([samples[0]?.["run"], samples[0]?.["response"]], ["one-1 (left)", AWKWARD]);
      const csv = await fs.readFile(path.join(to, "samples.csv"), "utf8");
      assert.ok(csv.includes(`"'=1+1, ""quoted""\r\nsecond 🙂"`), csv);
      assert.deepEqual(await fs.readdir(path.join(to, "configs")), ["one-1_left_.json", "one-1_right_.json"]);
    });
  });

  it("writes over nothing, and leaves nothing behind where it is stopped or fails", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeFullRun(folder);
      const to = path.join(folder, "out");
      await fs.mkdir(to);
      await assert.rejects(exportRuns({ folders: [run], to, signal }), /something of that name already; name a new/);
      await fs.rmdir(to);
      const stopping = new AbortController();
      const progress = (): void => stopping.abort();
      await assert.rejects(exportRuns({ folders: [run], to, signal: stopping.signal, progress }), {
        name: "AbortError",
      });
      await assert.rejects(exportRuns({ folders: [run, path.join(folder, "none")], to, signal }), /no such file/);
      await fs.writeFile(path.join(folder, `.salsa/artifacts/${ANSWERS}/answers.jsonl`), "{}\n");
      await assert.rejects(exportRuns({ folders: [run], to, signal }), /answers\.jsonl:1: .*field prompt does not fit/);
      assert.deepEqual(await fs.readdir(folder), [".salsa"]);
    });
  });

  it("holds a row group at a time", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "a.parquet");
      const columns = [
        { name: "n", kind: "integer", description: "" },
        { name: "text", kind: "text", description: "" },
      ] as const;
      const table = await parquetFile(file, columns, 100);
      const sizes = new Set<number>();
      for (let n = 0; n < 1050; n += 50) {
        await table.write(Array.from({ length: 50 }, (_, k) => [n + k, `row ${n + k}`]));
        sizes.add((await fs.stat(file)).size);
      }
      assert.equal(sizes.size, 11, "it has grown ten times");
      await table.close();
      const found = await collect(fileRows(file));
      assert.deepEqual({ ...found[1049]?.fields }, { n: 1049, text: "row 1049" });
      assert.equal(found.length, 1050);
    });
  });
});
