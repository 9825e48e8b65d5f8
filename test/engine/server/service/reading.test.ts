import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { TABLE_FORMAT_NAMES } from "../../../../engine/protocol/service.ts";
import type { SamplePage, SampleQuery } from "../../../../engine/protocol/samples.ts";
import type { ComparisonPage, ComparisonQuery } from "../../../../engine/protocol/verdicts.ts";
import { type BenchmarkAnswer, readAnswers } from "../../../../engine/storage/formats/answers.ts";
import { type TinyRun, artifactOf, recordedConfig, runTiny, tiny } from "../../pipeline/tinyRun.ts";
import { logRecords } from "../../storage/logRecords.ts";
import { refusal } from "./runFolders.ts";
import { type ServiceClient, startService } from "./serviceClient.ts";

/** Two base seeds, so that stages carry them in their names. */
const CONFIG = tiny({ name: "read", seeds: [1, 2], rlhf: { iterations: 6 } });

describe("what a real run has written, as the service reads it", function () {
  this.timeout(120_000);
  let folder: string;
  let run: TinyRun;
  let client: ServiceClient;
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-reading-"));
    run = await runTiny(CONFIG, folder);
    client = startService();
    await client.ask("initialize", { protocol: 1, client: "test 1", isTrusted: true });
  });
  after(async () => {
    await client.end();
    await fs.rm(folder, { recursive: true });
  });

  const samples = (query: Partial<SampleQuery>): Promise<SamplePage> =>
    client.ask("samples", { folder: run.folder, source: { kind: "rollouts" }, offset: 0, limit: 1000, ...query });
  const compare = (query: Partial<ComparisonQuery> = {}): Promise<ComparisonPage> =>
    client.ask("comparisons", {
      ...{ folder: run.folder, benchmark: "inDistribution", a: "salsa", b: "ppo", offset: 0, limit: 1000 },
      ...query,
    });
  const answersOf = (stage: string): Promise<readonly BenchmarkAnswer[]> => readAnswers(artifactOf(run, stage));

  it("has every rollout in the row of its step and prompt and the column of its stage", async () => {
    const recorded = (await logRecords(path.join(run.folder, "samples.jsonl"))) as unknown as Rollout[];
    const page = await samples({});
    assert.deepEqual(page.allColumns, ["seed-1/ppo", "seed-1/salsa", "seed-2/ppo", "seed-2/salsa"]);
    assert.deepEqual([page.total, page.all, page.steps], [page.rows.length, page.rows.length, { from: 1, to: 6 }]);
    const shown = page.rows.flatMap(({ step, prompt, responses }) =>
      responses.flatMap((response, column) =>
        response === null ? [] : [{ stage: page.columns[column], step, prompt, ...response }],
      ),
    );
    assert.deepEqual(
      shown.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
      recorded.map(({ stage, step, prompt, response: text, ended, score, gold, tokens }, line) => {
        return { stage, step, prompt, text, ended, nTokens: tokens.length, score, gold, line };
      }),
    );
    const both = page.rows.filter(({ responses: [ppo, salsa] }) => ppo !== null && salsa !== null);
    assert.ok(both.length > 0, "arms of one seed answer the same prompts side by side");
  });

  it("shows a line's tokens with every number that was recorded", async () => {
    const [, second] = await logRecords(path.join(run.folder, "samples.jsonl"));
    const { response: _response, ended: _ended, score: _score, gold: _gold, ...view } = second as unknown as Rollout;
    assert.deepEqual(await client.ask("tokens", { folder: run.folder, line: 1 }), view);
    await assert.rejects(
      client.ask("tokens", { folder: run.folder, line: 1e6 }),
      refusal(1, "DataError", /samples\.jsonl:1000001: this line is not there; open the samples again/),
    );
  });

  it("pages, filters and sorts rollouts", async () => {
    const all = await samples({});
    const columns = ["seed-1/ppo"];
    const own = await samples({ columns });
    assert.equal(own.all, all.rows.filter(({ responses }) => responses[0] !== null).length);
    assert.deepEqual((await samples({ columns, offset: 2, limit: 2 })).rows, own.rows.slice(2, 4));
    const late = await samples({ steps: { from: 6, to: 9 } });
    assert.deepEqual([late.all, late.total], [all.all, all.rows.filter(({ step = 0 }) => step === 6).length]);
    const unended = await samples({ columns, isUnended: true });
    assert.equal(unended.total, own.rows.filter(({ responses }) => responses[0]?.ended === false).length);
    const scores = (await samples({ columns, order: "highest" })).rows.map(({ responses }) => responses[0]?.score);
    assert.deepEqual(
      scores,
      own.rows.map(({ responses }) => responses[0]?.score ?? 0).sort((a, b) => b - a),
    );
    const part = all.rows[0]?.prompt.slice(2, 12).toUpperCase() ?? "";
    const found = await samples({ text: part });
    assert.ok(found.total > 0 && found.rows.some(({ prompt }) => prompt === all.rows[0]?.prompt));
  });

  it("has the answers to a benchmark side by side, those of the first seed or the one that is asked for", async () => {
    const columns = ["ppo", "base"];
    const page = await samples({ source: { kind: "answers", benchmark: "inDistribution", seed: 2 }, columns });
    const [ppo, base] = [
      await answersOf("seed-2/ppo on inDistribution"),
      await answersOf("seed-2/base on inDistribution"),
    ];
    const shown = ({ text, ended, nTokens, reward, gold }: BenchmarkAnswer): object => {
      return { text, ended, nTokens, score: reward, ...(gold !== undefined && { gold }) };
    };
    assert.deepEqual(
      page.rows,
      ppo.map((answer, index) => {
        return { prompt: answer.question, responses: [shown(answer), base[index] && shown(base[index])] };
      }),
    );
    assert.deepEqual(page.allColumns, ["base", "sft-1", "sft-2", "soup", "ppo", "salsa"]);
    const first = await samples({ source: { kind: "answers", benchmark: "inDistribution" }, columns });
    assert.equal(first.rows[0]?.responses[1]?.text, (await answersOf("seed-1/base on inDistribution"))[0]?.text);
    assert.equal(first.steps, undefined);
  });

  it("names the benchmarks there are when another is asked for", async () => {
    await assert.rejects(
      samples({ source: { kind: "answers", benchmark: "MT-Bench" } }),
      refusal(1, "DataError", /there are no answers to MT-Bench: it has those of inDistribution; choose one of those$/),
    );
  });

  it("has the win rates with every digit", async () => {
    const rows = await client.ask("winRates", { folder: run.folder });
    const written = await fs.readFile(path.join(run.folder, "tables", "winRates.json"), "utf8");
    assert.deepEqual(rows, JSON.parse(written));
    assert.ok(rows.some(({ seed }) => seed === 2) && rows.some(({ seed }) => seed === "all"));
  });

  it("has both answers and both games of every comparison, which add up to the table", async () => {
    const rows = await client.ask("winRates", { folder: run.folder });
    for (const seed of [1, 2, "all"] as const) {
      const row = rows.find((one) => one.a === "salsa" && one.b === "ppo" && one.seed === seed);
      assert.ok(row !== undefined);
      const { wins, losses, ties, dropped, flipRate = 0 } = row;
      const ofSeed = seed === "all" ? {} : { seed };
      const total = async (outcome: NonNullable<ComparisonQuery["outcome"]>): Promise<number> =>
        (await compare({ ...ofSeed, outcome })).total;
      assert.deepEqual(
        [await total("win"), await total("loss"), await total("tie"), await total("dropped"), await total("flip")],
        [wins, losses, ties, dropped, Math.round(flipRate * row.n)],
      );
    }
    const page = await compare({ seed: 2 });
    const [a, b] = [await answersOf("seed-2/salsa on inDistribution"), await answersOf("seed-2/ppo on inDistribution")];
    assert.equal(page.judge, "gold");
    for (const [index, row] of page.rows.entries()) {
      assert.deepEqual([row.seed, row.prompt], [2, a[index]?.question]);
      assert.deepEqual([row.a.text, row.b.text, row.a.gold], [a[index]?.text, b[index]?.text, a[index]?.gold]);
      const winner = { win: "a", loss: "b", tie: "tie", dropped: "error" }[row.outcome];
      assert.deepEqual(
        row.games.map((game) => game.winner),
        [winner, winner],
        "a score's games agree",
      );
    }
    assert.deepEqual((await compare({ seed: 2, offset: 3, limit: 2 })).rows, page.rows.slice(3, 5));
    await assert.rejects(
      compare({ b: "nobody" }),
      refusal(1, "DataError", /salsa vs nobody on .* is not judged: judged are/),
    );
  });

  it("tells what the run was made from", async () => {
    const provenance = await client.ask("provenance", { folder: run.folder });
    const record = JSON.parse(await fs.readFile(path.join(run.folder, "run.json"), "utf8")) as Record<string, unknown>;
    const { device } = provenance;
    assert.match(device, /^wasm, 1 thread \(auto: cuda: .+\)$/);
    assert.deepEqual(provenance, { ...record, folder: run.folder, device });
    assert.deepEqual(provenance.config, recordedConfig(run));
  });

  it("lists the models alike from the finished run's list and from its stages", async () => {
    const listed = await client.ask("models", { folder: run.folder });
    const aside = path.join(folder, "models.json");
    await fs.rename(path.join(run.folder, "models.json"), aside);
    const found = await client.ask("models", { folder: run.folder });
    await fs.rename(aside, path.join(run.folder, "models.json"));
    const byName = (models: typeof listed): typeof listed => [...models].sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(byName(found), byName(listed));
    assert.ok(listed.every(({ exists, bytes }) => exists && bytes > 0));
    assert.deepEqual(
      listed.filter(({ isPolicy }) => !isPolicy).map(({ name }) => name),
      ["seed-1/reward", "seed-2/reward"],
    );
  });

  it("gives a table in every form as the run's own files have it", async () => {
    for (const format of TABLE_FORMAT_NAMES) {
      const { text } = await client.ask("table", { folder: run.folder, name: "winRates", format });
      const extension = { text: "txt", markdown: "md", csv: "csv", json: "json", latex: "tex" }[format];
      const file = await fs.readFile(path.join(run.folder, "tables", `winRates.${extension}`), "utf8");
      const isForPeople = format === "text" || format === "markdown";
      if (isForPeople) assert.ok(text.endsWith(file) && text.includes("Win rates by the gold score"), format);
      else if (format === "json") assert.deepEqual(JSON.parse(text), JSON.parse(file));
      else assert.equal(text, file);
    }
    await assert.rejects(
      client.ask("table", { folder: run.folder, name: "losses", format: "csv" }),
      refusal(1, "DataError", /the run has no table "losses"; it has scores, winRates, checks/),
    );
  });

  it("gives the paper's tables, as rows with what they lack and in every form", async () => {
    const tables = await client.ask("paperTables", { folders: [run.folder] });
    assert.deepEqual(
      tables.map(({ source }) => source),
      ["Table 1", "Tables 2, 3 and 4, one a model", "Table 5"],
    );
    const [main, , multi] = tables;
    assert.deepEqual(
      main?.columns.map(({ header }) => header),
      ["Dataset", "Model", "SALSA vs PPO", "SALSA vs SFT"],
    );
    const rows = await client.ask("winRates", { folder: run.folder });
    const pooled = rows.find(({ a, b, seed }) => a === "salsa" && b === "ppo" && seed === "all");
    assert.equal(main.rows[0]?.[2], (100 * (pooled?.adjusted ?? NaN)).toFixed(2));
    assert.ok(multi?.rows.length === 0 && multi.lacks.length > 0);
    const asked = { folder: run.folder, name: "main" } as const;
    for (const format of TABLE_FORMAT_NAMES) {
      const { text } = await client.ask("paperTable", { ...asked, format });
      assert.ok(text.includes("SALSA vs PPO") && text.includes(main.rows[0][2]), format);
    }
    const { text } = await client.ask("paperTable", { ...asked, format: "markdown" });
    assert.match(text, /^## Adjusted win rates across models/);
    await assert.rejects(
      client.ask("paperTable", { ...asked, name: "mkl", format: "csv" }),
      refusal(1, "DataError", /the run has nothing for this table of the paper; /),
    );
  });

  it("writes the report and tells where", async () => {
    const { file } = await client.ask("report", { folder: run.folder });
    assert.equal(file, path.join(run.folder, "report", "report.md"));
    assert.match(await fs.readFile(file, "utf8"), /read-1/);
  });

  it("says which artifact has been removed, and that only its stage is made again", async () => {
    const artifact = artifactOf(run, "seed-1/salsa on inDistribution");
    const aside = path.join(folder, "aside");
    await fs.rename(artifact, aside);
    // Another seed has been asked for before, so nothing of this is in memory.
    const message = new RegExp(
      `^${artifact}: the artifact of stage "seed-1/salsa on inDistribution" has been removed; run the config again: only that stage`,
    );
    const source = { kind: "answers", benchmark: "inDistribution", seed: 1 } as const;
    await assert.rejects(samples({ source, columns: ["salsa"] }), refusal(1, "DataError", message));
    await assert.rejects(compare({ seed: 1, b: "sft-1" }), refusal(1, "DataError", message));
    await fs.rename(aside, artifact);
    assert.equal((await samples({ source, columns: ["salsa"] })).total, 16, "it is found when it is back");
    const table = path.join(run.folder, "tables", "winRates.json");
    await fs.rename(table, aside);
    await assert.rejects(
      client.ask("winRates", { folder: run.folder }),
      refusal(1, "DataError", /winRates\.json: the win-rate table has been removed; resume the run/),
    );
    await fs.rename(aside, table);
  });
});

/** A line of samples.jsonl. */
interface Rollout {
  readonly stage: string;
  readonly step: number;
  readonly prompt: string;
  readonly response: string;
  readonly ended: boolean;
  readonly score: number;
  readonly gold: number;
  readonly tokens: readonly string[];
}
