import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { writeReport } from "../../../../engine/pipeline/index.ts";
import { htmlComparison } from "../../../../engine/pipeline/report/index.ts";
import { DataError } from "../../../../engine/protocol/errors.ts";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import { alarmMessage } from "../../../../engine/protocol/alarms.ts";
import { addVote, type VoteRecord } from "../../../../engine/storage/formats/votes.ts";
import { RunFolder } from "../../../../engine/storage/runFolder.ts";
import { logRecords } from "../../storage/logRecords.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { runTiny, tiny } from "../tinyRun.ts";

/** Headings of a document, in order. */
const headings = (text: string): string[] => [...text.matchAll(/^## (.*)$/gm)].map(([, title = ""]) => title);

const images = (text: string): string[] => [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file = ""]) => file);

const ARMS = { ppo: {}, salsa: { reference: "soup" }, mkl: { reference: ["sft-1", "sft-2"] } };

describe("a run's report", function () {
  this.timeout(120_000);
  let root: string;
  let release: () => void;
  let held: Promise<unknown>;
  let run: string;

  before(async () => {
    const ready = new Promise<void>((resolve) => {
      held = inTemporaryFolder(async (folder) => {
        root = folder;
        run = (await runTiny(tiny({ seeds: [1, 2], arms: ARMS }), folder)).folder;
        const until = new Promise<void>((done) => (release = done));
        resolve();
        await until;
      });
    });
    await Promise.race([ready, ready.then(() => held)]);
  });
  after(async () => {
    release();
    await held;
  });

  /** A copy whose last events are replaced: of a run that came no further. */
  async function copyOf(
    id: string,
    keep: (event: EventBody) => boolean,
    ...more: readonly EventBody[]
  ): Promise<string> {
    const folder = path.join(root, ".salsa", "runs", id);
    await fs.cp(run, folder, { recursive: true });
    const events = (await logRecords(path.join(run, "events.jsonl"))) as unknown as EventBody[];
    const end = events.findIndex((event) => !keep(event));
    const kept = [...events.slice(0, end < 0 ? events.length : end), ...more];
    const lines = kept.map((event, sequence) =>
      JSON.stringify({ time: 1_790_000_000_000 + sequence, ...event, sequence }),
    );
    await fs.writeFile(path.join(folder, "events.jsonl"), `${lines.join("\n")}\n`);
    if (end >= 0) await fs.rm(path.join(folder, "tables"), { recursive: true });
    return folder;
  }

  const report = async (folder: string): Promise<string> => fs.readFile(await writeReport(folder), "utf8");

  it("says what came out, what was run and how to make it again, with figures that are there", async () => {
    const text = await report(await copyOf("whole", () => true));
    assert.deepEqual(headings(text), [
      "Results",
      "What was run",
      "The paper's figures",
      "Learning curves",
      "Alarms",
      "Samples",
      "How to make it again",
    ]);
    const folder = path.join(root, ".salsa", "runs", "whole", "report");
    const paper = ["WinRates", "Rewards", "Alpha", "Mkl", "Members", "Front"].map((name) => `paper${name}`);
    const drawn = ["winRates", ...paper, "score", "gold", "kl", "length", "entropy"];
    const names = drawn.map((name) => `figures/${name}.svg`);
    assert.deepEqual(images(text), names);
    for (const name of names) assert.match(await fs.readFile(path.join(folder, name), "utf8"), /^<svg [^]*<\/svg>\n$/);
    // Of a figure that is drawn, what would make it whole.
    assert.match(text, /\n- β is not tuned for /);
    assert.match(text, /^# tiny: whole\n\nBegun \d{4}-\d\d-\d\d \d\d:\d\d UTC, finished /);
    assert.match(text, /\| `mkl` \| `sft-1` \| `sft-1`, `sft-2` \| 0\.05 adaptive, target 6 nats \|/);
    assert.match(text, /salsa run tiny\.salsa\.json/);
  });

  it("has an honest sentence for each pair: few prompts and two seeds tell nobody apart", async () => {
    const text = await report(run);
    const results = text.slice(0, text.indexOf("\n### "));
    const sentences = results.split("\n").filter((line) => line.startsWith("- **"));
    assert.equal(sentences.length, 5); // both later arms against the first, all three against their start
    for (const sentence of sentences) {
      assert.match(
        sentence,
        /^- \*\*[\w-]+\*\* (and|beats|loses to) \*\*[\w-]+\*\* (cannot be told apart )?in distribution: \d+\.\d % \(\d+\.\d to \d+\.\d\), n = 32, 2 seeds; Holm p [<=] /,
      );
    }
    assert.match(text, /\| benchmark \| a \| b \| seed \| win \|/);
    assert.match(text, /### Scores by model/);
  });

  it("says in a sentence what each number means that its tables have, and of no other", async () => {
    const meanings = (text: string): string[] => {
      const section = text.slice(text.indexOf("### What the numbers mean"), text.indexOf("## What was run"));
      return [...section.matchAll(/^- \*\*(.*?)\*\*: .+\.$/gm)].map(([, label = ""]) => label);
    };
    const all = meanings(await report(run));
    assert.deepEqual(all.slice(0, 2), ["Win %", "Adjusted %"]);
    const by = ["Interval by question", "Interval by question and seed"];
    for (const label of by) assert.ok(all.includes(label), label);
    for (const label of ["p (Holm)", "Flips %", "First wins %", "Length-controlled %", "Rating"]) {
      assert.ok(all.includes(label), label);
    }
    assert.ok(!all.includes("Style-controlled %"), "no answer has Markdown");
    // A run of a version that knew less.
    const old = await copyOf("old", () => true);
    const table = path.join(old, "tables", "winRates.json");
    const rows = JSON.parse(await fs.readFile(table, "utf8")) as Record<string, unknown>[];
    const known = ["benchmark", "a", "b", "seed", "wins", "losses", "ties", "dropped", "n", "winRate", "adjusted"];
    const kept = new Set([...known, "low", "high", "p", "nSeeds", "longerWins", "flipRate", "holm"]);
    const less = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => kept.has(name))));
    await fs.writeFile(table, JSON.stringify(less));
    const labels = meanings(await report(old));
    assert.ok(labels.includes("Flips %"));
    for (const label of [...by, "First wins %", "More to decide"]) assert.ok(!labels.includes(label), label);
  });

  it("shows every arm's curves over seeds with the band's definition", async () => {
    await report(run);
    const svg = await fs.readFile(path.join(run, "report", "figures", "kl.svg"), "utf8");
    assert.match(svg, /ppo.*salsa.*mkl/s);
    assert.equal([...svg.matchAll(/<polygon/g)].length, 3);
    assert.match(svg.replace(/<\/text><text[^>]*>/g, " "), /n = 2 seeds/);
  });

  it("names the references that the KL is measured against, as the dashboard does", async () => {
    const text = await report(run);
    const title = "KL to reference (ppo: sft-1; salsa: soup; mkl: sft-1 + sft-2)";
    assert.ok(text.includes(`![${title}](figures/kl.svg)`));
    const svg = await fs.readFile(path.join(run, "report", "figures", "kl.svg"), "utf8");
    assert.ok(svg.includes(`<title>${title}</title>`));
    assert.ok((await htmlComparison([run])).includes(title));
  });

  it("has the curves and samples of arms that an earlier run trained, and names it", async () => {
    const first = await report(run);
    const again = (await runTiny(tiny({ seeds: [1, 2], arms: ARMS }), root)).folder;
    const text = await report(again);
    assert.deepEqual(images(text), images(first));
    assert.match(text, new RegExp(`curves of \`ppo\`, \`salsa\`, \`mkl\` are from \`${path.basename(run)}\``));
    const samplesOf = (whole: string): string => whole.slice(whole.indexOf("## Samples"), whole.indexOf("## How to"));
    assert.equal(samplesOf(text), samplesOf(first));
    const figure = (folder: string): Promise<string> => fs.readFile(path.join(folder, "report/figures/kl.svg"), "utf8");
    assert.equal(await figure(again), await figure(run));
  });

  it("is the same whenever it is written, and leaves nothing of an earlier one", async () => {
    const folder = await copyOf("again", () => true);
    const first = await report(folder);
    await fs.writeFile(path.join(folder, "report", "figures", "old.svg"), "<svg/>");
    assert.equal(await report(folder), first);
    assert.ok(!existsSync(path.join(folder, "report", "figures", "old.svg")));
    assert.deepEqual((await fs.readdir(path.join(folder, "report"))).sort(), ["figures", "report.md"]);
  });

  it("of a run that was cut off in the middle says so first, and shows what there is", async () => {
    const folder = await copyOf(
      "cut",
      (event) => !(event.kind === "metrics" && event.stage === "seed-1/mkl" && event.step === 2),
    );
    const text = await report(folder);
    assert.match(
      text,
      /^# tiny: cut\n\n> \*\*This run was cut off: its process is gone\.\*\* \d+ of \d+ stages are done/,
    );
    assert.match(text, /## Results\n\nThere are no results yet/);
    assert.ok(images(text).includes("figures/score.svg"));
    assert.ok(!images(text).includes("figures/winRates.svg"));
  });

  it("of a run that failed names stage and error, and shows them as text", async () => {
    const error = {
      kind: "runFailed",
      error: "NumericalError",
      message: "loss is <NaN> | *",
      stage: "seed-1/ppo",
    } as const;
    const folder = await copyOf("failed", ({ kind }) => kind !== "table", error);
    const text = await report(folder);
    assert.match(
      text,
      /> \*\*This run failed in stage `seed-1\/ppo`\.\*\* .* NumericalError: loss is \\<NaN\\> \\\| \\\*\./,
    );
  });

  it("of a run that was stopped before any arm says how to go on", async () => {
    const stopped = { kind: "runFinished", status: "stopped", seconds: 3 } as const;
    const folder = await copyOf(
      "stopped",
      (event) => !(event.kind === "stageStarted" && event.stage === "seed-1/reward"),
      stopped,
    );
    const text = await report(folder);
    assert.match(text, /> \*\*This run was stopped before its end\.\*\* .*`salsa resume`/);
    assert.match(text, /No arm has curves\.\n\nWithout curves: `ppo`, `salsa`, `mkl`\./);
    assert.deepEqual(images(text), []);
  });

  it("of a run that waits or works says so while its process lives", async () => {
    const queued = { kind: "runQueued", run: "queued", name: "tiny", device: "wasm, 1 thread", ahead: 1 } as const;
    const waits = await copyOf("queued", () => false, queued);
    const works = await copyOf("working", (event) => !(event.kind === "progress" && event.stage === "seed-2/sft-1"));
    for (const [folder, said] of [
      [waits, /> \*\*This run has not begun\.\*\* It waits for its device/],
      [
        works,
        // Games of the first seed may still be played beside it.
        /> \*\*This run is still at work\.\*\* \d+ of \d+ stages are done, and stage `seed-[^`]+` (has begun;|is at step \d+ of [1-9])/,
      ],
    ] as const) {
      assert.match(await report(folder), /> \*\*This run was cut off/);
      const held = await RunFolder.open(path.join(root, ".salsa"), path.basename(folder));
      assert.match(await report(folder), said);
      await held.close();
    }
  });

  it("lists alarms with what was seen and what to try", async () => {
    const alarm = {
      kind: "alarm",
      stage: "seed-1/ppo",
      step: 2,
      name: "lengthCollapse",
      message: alarmMessage("lengthCollapse", "responses shrank from 9.0 to 1.0 tokens"),
    } as const;
    const folder = await copyOf("alarmed", ({ kind }) => kind !== "table", alarm);
    const text = await report(folder);
    assert.match(
      text,
      /\| KL-hack: responses collapse \| `seed-1\/ppo` \| 2 \| responses shrank from 9\.0 to 1\.0 tokens \| Lower beta; Let a short .*; Start nearer/,
    );
  });

  it("has the judge's agreement with a person's votes, by pair, all and blind, and nothing without votes", async () => {
    const folder = await copyOf("voted", () => true);
    const heading = "### Agreement of the judge with a person's votes";
    assert.equal((await report(folder)).includes(heading), false);
    const about = { benchmark: "inDistribution", a: "salsa", b: "ppo", seed: 1, time: 1_790_000_000_000 };
    const vote = (index: number, more: Partial<Extract<VoteRecord, { kind: "vote" }>>): void =>
      addVote(folder, { kind: "vote", ...about, index, vote: "a", judged: "win", isBlind: true, ...more });
    vote(0, {});
    vote(1, { vote: "b", judged: "loss" });
    vote(2, { judged: "tie", isBlind: false });
    vote(3, { judged: "dropped" });
    addVote(folder, { kind: "note", ...about, index: 4, note: "a private remark" });
    vote(0, { a: "mkl" });
    const text = await report(folder);
    const section = text.slice(text.indexOf(heading), text.indexOf("### What the numbers mean"));
    const rows = [...section.matchAll(/^\| *(\S+) *\| *([^|]+?) *\| *([^|]+?) *\| *(\d+) *\| *([\d.]+) *\|/gm)];
    assert.deepEqual(
      rows.map((row) => row.slice(1)),
      [
        ["inDistribution", "salsa vs ppo", "all", "3", "66.7"],
        ["inDistribution", "salsa vs ppo", "blind", "2", "100.0"],
        ["inDistribution", "mkl vs ppo", "all, blind", "1", "100.0"],
        ["all", "all", "all", "4", "75.0"],
        ["all", "all", "blind", "3", "100.0"],
      ],
    );
    assert.match(section, /- \*\*κ\*\*: Cohen's κ of a person and the judge/);
    assert.equal(text.includes("private"), false, "notes are for the one who wrote them");
  });

  it("warns of changes that were not committed, and shows them", async () => {
    const folder = await copyOf("dirty", () => true);
    const file = path.join(folder, "run.json");
    const record = JSON.parse(await fs.readFile(file, "utf8")) as Record<string, unknown>;
    const git = { commit: "abc", branch: "main", dirty: true, diff: "--- a\n+++ b\n-``` old\n+new\n" };
    await fs.writeFile(file, JSON.stringify({ ...record, git }));
    const text = await report(folder);
    assert.match(text, /`abc` on `main`, \*\*with changes that were not committed\*\*/);
    assert.match(text, /````diff\n--- a\n\+\+\+ b\n-``` old\n\+new\n````/);
    assert.match(text, /```sh\ngit checkout abc\nsalsa run tiny\.salsa\.json\n```/);
  });

  it("is refused for a folder that is no run, and for a table that is none", async () => {
    await assert.rejects(writeReport(path.join(root, "nothing")), DataError);
    const folder = await copyOf("torn", () => true);
    await fs.writeFile(path.join(folder, "tables", "winRates.json"), "[{");
    await assert.rejects(
      writeReport(folder),
      (error) => error instanceof DataError && error.message.includes("resume the run"),
    );
  });
});
