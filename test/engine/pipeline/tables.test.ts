import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { readPairJudgment } from "../../../engine/evaluation/fastchat/records.ts";
import { TABLE_FORMATS } from "../../../engine/evaluation/tables/index.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { CHOICE_FILE } from "../../../engine/storage/formats/choice.ts";
import { readRun } from "../../../engine/pipeline/index.ts";
import { readJsonl } from "../../../engine/storage/datasets.ts";
import { collect, inTemporaryFolder } from "../storage/temporaryFolder.ts";
import {
  type TinyRun,
  artifactHashes,
  artifactOf,
  keysOf,
  recordedConfig,
  runTiny,
  tableFiles,
  tiny,
} from "./tinyRun.ts";

interface Choice {
  readonly chosen: number;
  readonly candidates: readonly { readonly beta: number; readonly validationScore: number }[];
}

const BETAS = [0.01, 0.1, 1];

/** Cells of Markdown, CSV or text lines without their delimiters. */
const words = (line: string): string => line.replaceAll(/[|,\s]+/g, " ").trim();

/** Question and models of every game of a run, which is how FastChat's browser finds one. */
async function judgmentIds({ folder }: Pick<TinyRun, "folder">): Promise<readonly string[]> {
  const text = await fs.readFile(path.join(folder, "judgments.jsonl"), "utf8");
  const judgments = text
    .trim()
    .split("\n")
    .map((line) => readPairJudgment(JSON.parse(line)));
  return judgments.map(({ question_id, model_1, model_2 }) => [question_id, model_1, model_2].join(" "));
}

describe("a run with two benchmarks", () => {
  it("has judgments that FastChat can tell apart, though both count their questions from 0", () =>
    inTemporaryFolder(async (folder) => {
      const benchmarks = ["inDistribution", "outOfDistribution"];
      const run = await runTiny(tiny({ evaluation: { benchmarks } }), folder);
      const ids = await judgmentIds(run);
      for (const name of benchmarks) assert.ok(ids.includes(`${name}/0 salsa ppo`), name);
      assert.equal(new Set(ids).size, ids.length);
    }));
});

describe("a run with several β and two base seeds", () => {
  let folder: string;
  let run: TinyRun;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-tables-"));
    const arms = { ppo: {}, salsa: { reference: "soup", beta: BETAS } };
    run = await runTiny(tiny({ seeds: [1, 2], arms }), folder);
  });
  after(() => fs.rm(folder, { recursive: true }));

  it("keeps the β that does best on the validation split", async () => {
    for (const seed of [1, 2]) {
      const choice = JSON.parse(
        await fs.readFile(path.join(artifactOf(run, `seed-${seed}/salsa`), CHOICE_FILE), "utf8"),
      ) as Choice;
      assert.deepEqual(
        choice.candidates.map(({ beta }) => beta),
        BETAS,
      );
      for (const { beta, validationScore } of choice.candidates) {
        const folder = artifactOf(run, `seed-${seed}/salsa (β ${beta}) on validation`);
        const gold = (await readAnswers(folder)).map((answer) => answer.gold ?? NaN);
        assert.equal(gold.length, 16);
        assert.equal(validationScore, gold.reduce((sum, one) => sum + one, 0) / gold.length);
      }
      const best = Math.max(...choice.candidates.map(({ validationScore }) => validationScore));
      assert.equal(choice.chosen, choice.candidates.find(({ validationScore }) => validationScore === best)?.beta);
      const chosen = artifactOf(run, `seed-${seed}/salsa (β ${choice.chosen})`);
      for (const name of ["model.safetensors", "config.json", "tokenizer.json"]) {
        const [given, kept] = await Promise.all(
          [chosen, artifactOf(run, `seed-${seed}/salsa`)].map((one) => fs.stat(path.join(one, name))),
        );
        assert.equal(kept?.ino, given?.ino, `${name} is a second name of the same file`);
      }
    }
  });

  it("names benchmark and base seed in its judgments, so that FastChat knows each game by question and models", async () => {
    const ids = await judgmentIds(run);
    assert.ok(ids.includes("seed-2/inDistribution/0 salsa ppo"), ids[0]);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("trains every base seed's models apart", async () => {
    const hashes = await artifactHashes(run.config.runtime.directory);
    const of = (stage: string): unknown => hashes.get(`${keysOf(run).get(stage) ?? ""}/model.safetensors`);
    for (const name of ["base", "sft-1", "reward", "soup", "ppo", "salsa"]) {
      assert.notEqual(of(`seed-1/${name}`), undefined);
      assert.notEqual(of(`seed-1/${name}`), of(`seed-2/${name}`), name);
    }
  });

  it("asks every base seed's models the same prompts", async () => {
    const asked = ["seed-1/ppo", "seed-2/ppo"].map((name) => readAnswers(artifactOf(run, `${name} on inDistribution`)));
    const [a, b] = (await Promise.all(asked)).map((answers) => answers.map(({ prompt }) => prompt));
    assert.deepEqual(a, b);
  });

  it("has rows of win rates by base seed and pooled, whose counts add up", () => {
    const table = run.tables.find(({ name }) => name === "winRates");
    const column = (header: string): number => table?.columns.findIndex((one) => one.header === header) ?? -1;
    const rows = (table?.rows ?? []).filter((row) => row[column("a")] === "salsa" && row[column("b")] === "ppo");
    assert.deepEqual(rows.map((row) => String(row[column("seed")])).sort(), ["1", "2", "all"]);
    for (const header of ["win", "loss", "tie", "dropped", "n"]) {
      const [one, two, all] = ["1", "2", "all"].map((seed) =>
        Number(rows.find((row) => String(row[column("seed")]) === seed)?.[column(header)]),
      );
      assert.equal(all, (one ?? NaN) + (two ?? NaN), header);
    }
    const [all] = rows.filter((row) => row[column("seed")] === "all");
    assert.equal(Number(all?.[column("n")]), 32);
  });

  it("writes every table in every form, each with the rows that the run tells", async () => {
    const files = await tableFiles(run.folder);
    assert.deepEqual(
      run.tables.map(({ name }) => name),
      ["scores", "winRates", "checks", "ratings"],
    );
    assert.deepEqual(
      run.tables.flatMap((table) => table.files).sort(),
      [...files.keys()].map((name) => `tables/${name}`),
    );
    for (const { name, rows, columns, files: written } of run.tables) {
      assert.deepEqual(
        written.map((file) => path.extname(file)),
        TABLE_FORMATS.map(({ extension }) => extension),
      );
      const lines = (extension: string): string[] => (files.get(`${name}${extension}`) ?? "").trim().split("\n");
      assert.equal(lines(".csv").length, 1 + rows.length, "a header and the rows");
      assert.equal(
        lines(".md").filter((line) => line.startsWith("|")).length,
        2 + rows.length,
        "a header, a rule and the rows",
      );
      assert.deepEqual(words(lines(".txt")[0] ?? ""), words(columns.map(({ header }) => header).join(" ")));
      for (const [index, row] of rows.entries()) {
        const cells = words(row.map((cell) => String(cell)).join(" "));
        assert.equal(words(lines(".txt")[index + 2] ?? ""), cells);
        assert.equal(words(lines(".md")[index + 2] ?? ""), cells);
        const [label = ""] = row.map((cell) => String(cell));
        assert.ok(lines(".csv")[index + 1]?.startsWith(label));
      }
      assert.ok(JSON.parse(files.get(`${name}.json`) ?? "") !== null);
    }
  });

  it("tells its tables again when it is read", async () => {
    const record = await readRun(run.folder);
    assert.deepEqual(record.tables, run.tables);
    assert.deepEqual([record.id, record.status], ["tiny-1", "finished"]);
    assert.deepEqual(record.config, recordedConfig(run));
  });

  it("keeps samples of its rollouts to read", async () => {
    const samples = await collect(readJsonl(path.join(run.folder, "samples.jsonl")));
    const stages = new Set(samples.map(({ fields }) => fields["stage"]));
    for (const name of ["seed-1/ppo", "seed-2/salsa (β 0.1)"]) assert.ok(stages.has(name), name);
    for (const { fields } of samples) {
      const { tokens, logprobs, kl, values } = fields as Record<string, readonly unknown[]>;
      assert.equal(logprobs?.length, tokens?.length);
      assert.equal(kl?.length, tokens?.length);
      assert.equal(values?.length, tokens?.length);
      assert.ok(Number.isFinite(fields["gold"]), "the demo's task knows how good a response is");
    }
  });
});
