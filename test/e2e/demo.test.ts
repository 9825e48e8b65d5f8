import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { eventSchema, tableSchema } from "../../engine/protocol/events.ts";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { TRAJECTORY, type Trajectory, shortenedDemo, trajectoryOf } from "../golden/demo/trajectory.ts";
import { type Ended, type JsonLine, salsa, watchSalsa } from "./salsaProcess.ts";

/**
 * Relaxed SIMD rounds differently on some processors; over these few steps that stays far below what a changed
 * recipe does.
 */
const RELATIVE_TOLERANCE = 0.02;
const ABSOLUTE_TOLERANCE = 0.01;

describe("the demo, shortened", function () {
  this.timeout(180_000);
  let folder: string;
  let ended: Ended & { readonly lines: readonly JsonLine[] };
  let events: readonly RunEvent[];
  let result: Extract<JsonLine, { readonly kind: "result" | "error" }>;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-demo-"));
    await fs.writeFile(path.join(folder, "demo.salsa.json"), JSON.stringify(await shortenedDemo()));
    ended = await watchSalsa(["run", "demo.salsa.json"], () => undefined, { folder });
    assert.equal(ended.code, 0, ended.stderr);
    events = ended.lines.slice(0, -1).map((line) => eventSchema.parse(line));
    const last = ended.lines.at(-1);
    assert.ok(last?.kind === "result");
    result = last;
  });
  after(() => fs.rm(folder, { recursive: true }));

  const inRun = (...argv: readonly string[]): Promise<Ended> => salsa(argv, { folder });

  /** The artifact that a stage of the run made. */
  function checkpoint(stage: string): string {
    const started = events.find((event) => event.kind === "stageStarted" && event.stage === stage);
    assert.ok(started?.kind === "stageStarted");
    return path.join(folder, ".salsa", "artifacts", started.key);
  }

  it("prints events only, each as the schema has it and as events.jsonl holds it, then the result", async () => {
    assert.equal(ended.stderr, "");
    const log = await fs.readFile(path.join(folder, ".salsa", "runs", "demo-1", "events.jsonl"), "utf8");
    assert.deepEqual(log.trim().split("\n"), ended.stdout.trim().split("\n").slice(0, -1));
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, index) => index),
    );
    assert.deepEqual([result["status"], result["id"]], ["finished", "demo-1"]);
  });

  it("begins with runStarted and ends with runFinished; every stage that starts finishes, one at a time on the device", () => {
    const [first] = events;
    assert.ok(first?.kind === "runStarted");
    assert.equal(events.at(-1)?.kind, "runFinished");
    const stages = first.stages.flatMap((stage) => (typeof stage === "string" ? [] : [stage]));
    const usesNone = ({ kind }: { readonly kind: string }): boolean => kind === "judgments" || kind === "choice";
    const beside = new Set(stages.filter(usesNone).map(({ id }) => id));
    assert.ok(beside.size > 0);
    const open = new Set<string>();
    for (const event of events) {
      if (event.kind === "stageStarted") {
        open.add(event.stage);
        assert.ok([...open].filter((stage) => !beside.has(stage)).length <= 1, [...open].join());
        assert.ok(open.size <= 2, "of those that use no device there is one at a time, too");
      } else if (event.kind === "stageFinished") assert.ok(open.delete(event.stage));
      else if ("stage" in event) assert.ok(open.has(event.stage ?? ""), event.kind);
    }
    assert.deepEqual([...open], []);
  });

  it("trains what the paper has: a base, three SFTs, a reward model, soups, and four arms", () => {
    const made = events.flatMap((event) => (event.kind === "stageStarted" ? [event.stage] : []));
    for (const stage of [
      "base",
      "sft-1",
      "sft-2",
      "sft-3",
      "reward",
      "soup",
      "soup3",
      "ppo",
      "salsa",
      "salsa-3",
      "mkl",
    ]) {
      assert.ok(made.includes(stage), stage);
    }
  });

  it("follows the path of the recorded run: losses and scores of every stage", async () => {
    const recorded = JSON.parse(await fs.readFile(TRAJECTORY, "utf8")) as Trajectory;
    const path = trajectoryOf(events);
    assert.deepEqual(Object.keys(path), Object.keys(recorded));
    for (const [stage, metrics] of Object.entries(recorded)) {
      for (const [metric, points] of Object.entries(metrics)) {
        const ours = path[stage]?.[metric] ?? [];
        assert.deepEqual(
          ours.map(([step]) => step),
          points.map(([step]) => step),
          `${stage}: ${metric}`,
        );
        for (const [index, [step, value]] of points.entries()) {
          const error = Math.abs((ours[index]?.[1] ?? NaN) - value);
          const allowed = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * Math.abs(value);
          assert.ok(error <= allowed, `${stage}, step ${step}: ${metric} is off by ${error}`);
        }
      }
    }
  });

  it("has a win-rate row for every pair on every benchmark, over every prompt", () => {
    const tables = (result["tables"] as unknown[]).map((table) => tableSchema.parse(table));
    assert.deepEqual(
      tables.map(({ name }) => name),
      ["scores", "winRates", "checks", "ratings"],
    );
    const { rows = [], columns = [] } = tables[1] ?? {};
    assert.equal(rows.length, 6 * 2);
    const at = (header: string): number => columns.findIndex((column) => column.header === header);
    for (const row of rows) {
      const [win, loss, tie, dropped, n] = ["win", "loss", "tie", "dropped", "n"].map((header) =>
        Number(row[at(header)]),
      );
      assert.equal(n, 32);
      assert.equal((win ?? NaN) + (loss ?? NaN) + (tie ?? NaN) + (dropped ?? NaN), 32);
    }
  });

  it("run again takes everything from before and prints the same tables", async () => {
    const again = await inRun("run", "demo.salsa.json");
    assert.equal(again.code, 0, again.stderr);
    const report = await inRun("report", "demo-1");
    assert.match(again.stdout, /Files: .*demo-2/);
    for (const line of report.stdout.split("\n").filter((text) => text.includes("Distribution")))
      assert.ok(again.stdout.includes(line), line);
    assert.match(again.stderr, /cached: /);
    assert.ok(!/\d+ %/.test(again.stderr), "there is nothing to show progress of");
  });

  it("on no terminal shows progress in lines, of any stage at most one in ten seconds", async () => {
    const fresh = await inRun("run", "demo.salsa.json", "--directory", "fresh");
    assert.equal(fresh.code, 0, fresh.stderr);
    assert.ok(!fresh.stderr.includes("\r") && !fresh.stderr.includes("\x1b"), "no line is redrawn");
    const log = await fs.readFile(path.join(folder, "fresh", "runs", "demo-1", "events.jsonl"), "utf8");
    const last = eventSchema.parse(JSON.parse(log.trim().split("\n").at(-1) ?? ""));
    assert.ok(last.kind === "runFinished");
    const progress = fresh.stderr.split("\n").filter((line) => /\d+ % \(\d+\/\d+\)/.test(line));
    assert.ok(progress.length <= last.seconds / 10, `${progress.length} lines in ${last.seconds} s`);
    const steps = events.filter(({ kind }) => kind === "progress").length;
    assert.ok(progress.length < steps / 4, `${progress.length} lines of ${steps} steps`);
    for (const stage of ["base", "sft-1", "salsa"])
      assert.match(fresh.stderr, new RegExp(`^done: .*\\b${stage}\\b`, "m"));
  });

  for (const stage of ["base", "sft-1", "soup", "salsa"]) {
    it(`makes ${stage} a checkpoint that generate answers with`, async () => {
      const { code, stdout, stderr } = await inRun(
        "generate",
        checkpoint(stage),
        "--prompt",
        "copy these words: city river answer:",
        "--max-new-tokens",
        "8",
        "--json",
      );
      assert.equal(code, 0, stderr);
      const { prompt, response } = JSON.parse(stdout) as Record<string, string>;
      assert.equal(prompt, "copy these words: city river answer:");
      assert.equal(typeof response, "string");
    });
  }

  it("generate gives the same answers for the same seed, and writes them to a file", async () => {
    await fs.writeFile(
      path.join(folder, "prompts.jsonl"),
      '{"prompt":"copy: city answer:"}\n{"prompt":"reverse: river time answer:"}\n',
    );
    const argv = [
      "generate",
      checkpoint("salsa"),
      "--prompts",
      "prompts.jsonl",
      "--max-new-tokens",
      "8",
      "--seed",
      "3",
    ];
    const [first, second] = [await inRun(...argv, "--out", "a.jsonl"), await inRun(...argv, "--out", "b.jsonl")];
    assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr);
    const [a, b] = await Promise.all(
      ["a.jsonl", "b.jsonl"].map((name) => fs.readFile(path.join(folder, name), "utf8")),
    );
    assert.equal(a, b);
    assert.equal(a?.trim().split("\n").length, 2);
  });

  it("score gives a soup's gold score on both benchmarks, and rewards on a file of prompts", async () => {
    const byTask = await inRun(
      "score",
      checkpoint("soup"),
      "--task",
      "miniinstruct",
      "--n",
      "16",
      "--max-new-tokens",
      "12",
      "--json",
    );
    assert.equal(byTask.code, 0, byTask.stderr);
    const { rows } = tableSchema.parse(JSON.parse(byTask.stdout));
    assert.deepEqual(
      rows.map(([benchmark, n]) => [benchmark, n]),
      [
        ["inDistribution", 16],
        ["outOfDistribution", 16],
      ],
    );
    await fs.writeFile(path.join(folder, "few.jsonl"), '{"prompt":"copy: city answer:"}\n');
    const byReward = await inRun(
      "score",
      checkpoint("soup"),
      "--prompts",
      "few.jsonl",
      "--reward",
      checkpoint("reward"),
      "--json",
    );
    assert.equal(byReward.code, 0, byReward.stderr);
    assert.equal(typeof tableSchema.parse(JSON.parse(byReward.stdout)).rows[0]?.[2], "number");
  });

  it("soup on the command line mixes the SFTs to the very bytes of the run's own soup", async () => {
    const { code, stderr } = await inRun(
      "soup",
      checkpoint("sft-1"),
      checkpoint("sft-2"),
      "--alpha",
      "0.5",
      "--out",
      "mixed",
    );
    assert.equal(code, 0, stderr);
    for (const name of ["model.safetensors", "config.json", "tokenizer.json"]) {
      const [ours, theirs] = await Promise.all(
        [path.join(folder, "mixed"), checkpoint("soup")].map((one) => fs.readFile(path.join(one, name))),
      );
      assert.deepEqual(ours, theirs, name);
    }
  });

  it("report prints the run's own table files in every form", async () => {
    for (const [format, extension] of [
      ["text", "txt"],
      ["markdown", "md"],
      ["csv", "csv"],
      ["json", "json"],
    ] as const) {
      const { code, stdout, stderr } = await inRun("report", "demo-1", "--table", "winRates", "--format", format);
      assert.equal(code, 0, stderr);
      const file = await fs.readFile(
        path.join(folder, ".salsa", "runs", "demo-1", "tables", `winRates.${extension}`),
        "utf8",
      );
      // Tables are written from their numbers, whatever their files hold; in JSON, keys may be in another order.
      if (format === "json") assert.deepEqual(JSON.parse(stdout), JSON.parse(file));
      else assert.ok(stdout.endsWith(file), format);
    }
    const all = await inRun("report", "demo-1", "--json");
    const { status, tables } = JSON.parse(all.stdout) as { readonly status: string; readonly tables: unknown };
    assert.deepEqual([status, tables], ["finished", result["tables"]]);
  });

  it("plan afterwards says that everything is made", async () => {
    const { code, stdout, stderr } = await inRun("plan", "demo.salsa.json", "--json");
    assert.equal(code, 0, stderr);
    const { stages, secondsLeft } = JSON.parse(stdout) as {
      readonly stages: readonly { readonly id: string; readonly cached: boolean }[];
      readonly secondsLeft: number;
    };
    assert.deepEqual(
      stages.map(({ id }) => id).sort(),
      events.flatMap((event) => (event.kind === "stageStarted" ? [event.stage] : [])).sort(),
    );
    assert.ok(stages.every(({ cached }) => cached));
    assert.equal(secondsLeft, 0);
  });
});
