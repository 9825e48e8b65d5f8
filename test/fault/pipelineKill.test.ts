import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Random } from "../../engine/training/index.ts";
import { eventSchema } from "../../engine/protocol/events.ts";
import { runPath } from "../../engine/storage/runFolder.ts";
import { ownData } from "../engine/pipeline/ownData.ts";
import { type Written, artifactHashes, tableFiles, tiny } from "../engine/pipeline/tinyRun.ts";
import { type Ended, assertClearError, salsa, watchSalsa } from "../e2e/salsaProcess.ts";
import { logRecords } from "../engine/storage/logRecords.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

const KILLS = 10;
/** A kill comes after fewer steps than this: ten of them fall within the run's some forty. */
const MOST_STEPS = 5;

const WRITTEN = tiny({ name: "killed" });

async function writeConfig(
  folder: string,
  written: Written = WRITTEN,
): Promise<{ readonly config: string; readonly root: string }> {
  const config = path.join(folder, "killed.salsa.json");
  await fs.writeFile(config, JSON.stringify(written));
  return { config, root: path.join(folder, ".salsa") };
}

/** Remains of a finished run: every artifact's bytes and the tables. */
async function remains(root: string, id: string): Promise<readonly unknown[]> {
  return [await artifactHashes(root), await tableFiles(runPath(root, id))];
}

/** Temporary files, working folders and locks, which no finished run has. */
async function leftovers(root: string): Promise<string[]> {
  return (await fs.readdir(root, { recursive: true })).filter((name) => /\.tmp-|\.work-|lock$/.test(name));
}

/** A process id that no process has, above the largest that Linux gives out. */
const NOBODY = 2 ** 22 + 1;

/** Adapters on a base of one's own, in every stage that trains. */
async function loraConfig(folder: string): Promise<Written> {
  const { model, ...written } = await ownData(folder);
  const { checkpoint } = model as { readonly checkpoint: string };
  const fromFolder = (name: unknown): unknown => (typeof name === "string" ? path.join(folder, name) : name);
  const { benchmarks, ...files } = written["data"] as Readonly<Record<string, Written>>;
  const data = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, fromFolder(file)]));
  const held = Object.fromEntries(Object.entries(benchmarks ?? {}).map(([name, file]) => [name, fromFolder(file)]));
  return {
    ...written,
    name: "killed",
    data: { ...data, benchmarks: held },
    model: { checkpoint: path.join(folder, checkpoint), lora: { rank: 2, alpha: 4 } },
  };
}

describe("a run killed with SIGKILL at ten moments and resumed after each", function () {
  this.timeout(900_000);

  for (const [what, written] of [
    ["", () => Promise.resolve(WRITTEN)],
    [" of adapters", loraConfig],
  ] as const) {
    it(`ends with the tables and weights${what} of an uninterrupted run, one gapless log and no leftovers`, async () => {
      await inTemporaryFolder(async (folder) => endsAlike(folder, await written(folder)));
    });
  }

  async function endsAlike(folder: string, written: Written): Promise<void> {
    const whole = await writeConfig(await fs.mkdtemp(path.join(folder, "whole-")), written);
    assert.equal((await salsa(["run", whole.config])).code, 0);

    const { config, root } = await writeConfig(await fs.mkdtemp(path.join(folder, "killed-")), written);
    const random = Random.of(1, "moments");
    let argv = ["run", config];
    let kills = 0;
    let last: Ended | undefined;
    while (kills < KILLS && last === undefined) {
      let left = random.integer(MOST_STEPS);
      const ended = await watchSalsa(argv, ({ kind }, child) => {
        if (kind === "progress") left--;
        if (left < 0 || (kind === "runStarted" && left === 0)) child.kill("SIGKILL");
      });
      argv = ["resume", "--directory", root];
      // On a busy machine lines come late, and so do kills: the run may be over before the last of them.
      if (ended.code === 0) last = ended;
      else assert.deepEqual([ended.code, ended.stderr], [null, ""], `attempt ${++kills} ends by being killed`);
    }
    last ??= await salsa(argv);
    assert.equal(last.code, 0, last.stderr);
    assert.ok(kills >= KILLS / 2, `${kills} kills`);

    assert.deepEqual(await remains(root, "killed-1"), await remains(whole.root, "killed-1"));
    const events = (await logRecords(path.join(runPath(root, "killed-1"), "events.jsonl"))).map((event) =>
      eventSchema.parse(event),
    );
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, index) => index),
    );
    assert.equal(events.filter(({ kind }) => kind === "runStarted").length, kills + 1);
    assert.deepEqual(await leftovers(root), []);
  }

  it("while it answers goes on with the next batch, to the same answers", async () => {
    await inTemporaryFolder(async (folder) => {
      const stage = "salsa on inDistribution";
      // Batches of 256 take long enough for a kill to come between them.
      const model = { architecture: { hiddenSize: 64, nLayers: 2, nHeads: 2 } };
      const written = tiny({ name: "killed", model, evaluation: { prompts: 1500 } });
      const whole = await writeConfig(await fs.mkdtemp(path.join(folder, "whole-")), written);
      assert.equal((await salsa(["run", whole.config])).code, 0);
      const { config, root } = await writeConfig(await fs.mkdtemp(path.join(folder, "killed-")), written);
      const killed = await watchSalsa(["run", config], (line, child) => {
        if (line.kind === "progress" && line.stage === stage && line.step >= 512) child.kill("SIGKILL");
      });
      assert.deepEqual([killed.code, killed.stderr], [null, ""]);
      const last = await watchSalsa(["resume", "killed-1", "--directory", root], () => undefined);
      assert.equal(last.code, 0, last.stderr);
      const steps = last.lines.flatMap((line) => (line.kind === "progress" && line.stage === stage ? [line.step] : []));
      const [first = 0] = steps;
      assert.ok(first >= 256 && first % 256 === 0, `goes on from ${first}`);
      assert.deepEqual(steps.slice(1, 2), [Math.min(first + 256, 1500)]);
      assert.deepEqual(await remains(root, "killed-1"), await remains(whole.root, "killed-1"));
      assert.deepEqual(await leftovers(root), []);
    });
  });

  it("at a moment between two renames leaves things that the next start cleans up", async () => {
    await inTemporaryFolder(async (folder) => {
      const { config, root } = await writeConfig(folder);
      assert.equal((await salsa(["run", config])).code, 0);
      const artifacts = path.join(root, "artifacts");
      const [sft = ""] = (await fs.readdir(artifacts)).filter((name) => name.startsWith("sft-"));
      // A savepoint whose artifact had just got its name, and a table that had not yet got its own.
      await fs.mkdir(path.join(artifacts, `.work-${sft}`, "savepoint"), { recursive: true });
      await fs.writeFile(path.join(runPath(root, "killed-1"), "tables", `.tmp-${NOBODY}-1-scores.md`), "| bench");
      assert.equal((await salsa(["resume", "killed-1", "--directory", root])).code, 0);
      assert.deepEqual(await leftovers(root), []);
    });
  });
});

describe("a run interrupted by Ctrl-C", function () {
  this.timeout(300_000);

  it("saves, ends with 130, says how to go on, and goes on to the same end", async () => {
    await inTemporaryFolder(async (folder) => {
      const whole = await writeConfig(await fs.mkdtemp(path.join(folder, "whole-")));
      assert.equal((await salsa(["run", whole.config])).code, 0);
      const { config, root } = await writeConfig(await fs.mkdtemp(path.join(folder, "stopped-")));
      for (const [argv, stage] of [
        [["run", config], "sft-1"],
        [["resume", "killed-1", "--directory", root], "salsa"],
      ] as const) {
        let isSent = false;
        const ended = await watchSalsa(argv, (line, child) => {
          if (isSent || line.kind !== "progress" || line.stage !== stage) return;
          isSent = child.kill("SIGINT");
        });
        assert.equal(ended.code, 130, ended.stderr);
        assert.match(ended.stderr, /Stopping after this step and saving/);
        const result = ended.lines.at(-1);
        assert.deepEqual([result?.kind, result && "status" in result && result.status], ["result", "stopped"]);
      }
      const last = await salsa(["resume", "killed-1", "--directory", root]);
      assert.equal(last.code, 0, last.stderr);
      assert.deepEqual(await remains(root, "killed-1"), await remains(whole.root, "killed-1"));
    });
  });
});

describe("two processes at work on the same", function () {
  this.timeout(300_000);

  it("do not get in each other's way: one run has one process, and a second run waits for what the first makes", async () => {
    await inTemporaryFolder(async (folder) => {
      const { config, root } = await writeConfig(folder);
      let others: Promise<void> | undefined;
      let second: ReturnType<typeof watchSalsa> | undefined;
      const first = await watchSalsa(["run", config], ({ kind }, child) => {
        if (kind !== "progress" || others !== undefined) return;
        child.kill("SIGSTOP"); // so that it cannot be done before the others have looked
        others = (async () => {
          const resumed = await salsa(["resume", "killed-1", "--directory", root]);
          assertClearError(resumed, { code: 2, message: /killed-1 is running already; / });
          second = watchSalsa(["run", config], (line) => {
            if (line.kind === "alarm" && line.name === "waiting") child.kill("SIGCONT");
          });
        })().catch((error: unknown) => {
          child.kill("SIGCONT");
          throw error;
        });
      });
      await others;
      assert.equal(first.code, 0, first.stderr);
      const waited = await second;
      assert.equal(waited?.code, 0, waited?.stderr);
      assert.ok(waited.lines.some((line) => line.kind === "stageStarted" && line.cached));
      assert.deepEqual(await leftovers(root), []);
    });
  });
});
