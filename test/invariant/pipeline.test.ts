import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { eventSchema } from "../../engine/protocol/events.ts";
import { logRecords } from "../engine/storage/logRecords.ts";
import {
  type TinyRun,
  artifactHashes,
  computed,
  metricOf,
  runTiny,
  tableFiles,
  tiny,
} from "../engine/pipeline/tinyRun.ts";

/** With everything whose state a resumed training must bring along: critic, controller, running moments, momentum. */
const WRITTEN = tiny({
  rlhf: {
    iterations: 6,
    critic: "separate",
    klController: "adaptive",
    scoreScaling: true,
    beta: 0.2,
    schedule: "linear",
  },
  soups: { soup: { method: "uniform" } },
  sft: { gradientAccumulation: 2 },
});

/** The run that every other is compared with: uninterrupted, one thread. */
let reference: {
  readonly run: TinyRun;
  readonly hashes: ReadonlyMap<string, string>;
  readonly tables: ReadonlyMap<string, string>;
};
let root: string;

async function folderNamed(name: string): Promise<string> {
  const folder = path.join(root, name);
  await fs.mkdir(folder);
  return folder;
}

async function assertSame(run: TinyRun): Promise<void> {
  assert.equal(run.status, "finished");
  assert.deepEqual(await artifactHashes(run.config.runtime.directory), reference.hashes);
  assert.deepEqual(await tableFiles(run.folder), reference.tables);
  assert.deepEqual(run.tables, reference.run.tables);
}

/** Stops a run gracefully when `stage` has taken `step` steps, and resumes it, until it is finished. */
async function interrupted(
  folder: string,
  stops: readonly (readonly [stage: string, step: number])[],
): Promise<{ readonly last: TinyRun; readonly runs: readonly TinyRun[] }> {
  const runs: TinyRun[] = [];
  let resume: string | undefined;
  for (const [stage, step] of stops) {
    const controller = new AbortController();
    const run = await runTiny(WRITTEN, folder, {
      ...(resume === undefined ? {} : { resume }),
      signal: controller.signal,
      onEvent: (event) => {
        if ("stage" in event && event.stage === stage && "step" in event && event.step === step) controller.abort();
      },
    });
    assert.equal(run.status, "stopped", `${stage}, step ${step}`);
    assert.deepEqual(run.tables, []);
    assert.equal(run.events.at(-1)?.kind, "runFinished");
    resume = run.id;
    runs.push(run);
  }
  const last = await runTiny(WRITTEN, folder, resume === undefined ? {} : { resume });
  return { last, runs: [...runs, last] };
}

describe("runs of one config", () => {
  before(async function () {
    root = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-invariant-"));
    const run = await runTiny(WRITTEN, root);
    reference = {
      run,
      hashes: await artifactHashes(run.config.runtime.directory),
      tables: await tableFiles(run.folder),
    };
  });
  after(() => fs.rm(root, { recursive: true }));

  describe("equal runs", () => {
    it("in two folders end with the same bytes in every file of every stage", async () => {
      await assertSame(await runTiny(WRITTEN, await folderNamed("again")));
      const weights = [...reference.hashes].filter(([name]) => name.endsWith("model.safetensors"));
      assert.equal(weights.length, 7, "base, two SFTs, reward, soup, two arms");
      assert.equal(new Set(weights.map(([, hash]) => hash)).size, 7, "no two are the same");
    });

    it("on two threads end with the same bytes as on one", async () => {
      await assertSame(
        await runTiny(tiny({ ...WRITTEN, runtime: { threads: 2, checkpointEvery: 2 } }), await folderNamed("threads")),
      );
    });

    it("save as often as they like", async () => {
      await assertSame(
        await runTiny(tiny({ ...WRITTEN, runtime: { checkpointEvery: 1 } }), await folderNamed("saving")),
      );
    });
  });

  describe("a run stopped gracefully and resumed", () => {
    for (const [stage, step] of [
      ["base", 3],
      ["sft-1", 1],
      ["sft-2", 5],
      ["reward", 2],
      ["ppo", 1],
      ["salsa", 4],
    ] as const) {
      it(`in the middle of ${stage} ends with the same bytes, without doing a step twice`, async () => {
        const { last, runs } = await interrupted(await folderNamed(`stop-${stage}`), [[stage, step]]);
        await assertSame(last);
        const steps = runs.flatMap(({ events }) =>
          events.flatMap((event) => (event.kind === "progress" && event.stage === stage ? [event.step] : [])),
        );
        assert.deepEqual(
          steps,
          steps.map((_, index) => index + 1),
        );
      });
    }

    it("several times in one stage ends with the same bytes and metrics", async () => {
      const { last, runs } = await interrupted(await folderNamed("often"), [
        ["salsa", 1],
        ["salsa", 2],
        ["salsa", 5],
      ]);
      await assertSame(last);
      for (const metric of ["objective/kl", "objective/beta", "objective/score", "loss/total"]) {
        const all = runs.flatMap((run) => metricOf(run, "salsa", metric));
        assert.deepEqual(all, metricOf(reference.run, "salsa", metric), metric);
      }
    });

    for (const stage of ["preferences", "soup", "ppo on inDistribution"]) {
      it(`in ${stage}, of which nothing is kept yet, starts that stage over and ends with the same bytes`, async () => {
        const folder = await folderNamed(`stop-${stage.split(" ").join("-")}`);
        const controller = new AbortController();
        const stopped = await runTiny(WRITTEN, folder, {
          signal: controller.signal,
          onEvent: (event) => {
            if (event.kind === "stageStarted" && event.stage === stage) controller.abort();
          },
        });
        assert.equal(stopped.status, "stopped");
        const last = await runTiny(WRITTEN, folder, { resume: stopped.id });
        assert.equal(computed(last)[0], stage);
        await assertSame(last);
      });
    }

    it("before its first stage does nothing yet", async () => {
      const folder = await folderNamed("at-once");
      const stopped = await runTiny(WRITTEN, folder, { signal: AbortSignal.abort() });
      assert.deepEqual([stopped.status, computed(stopped)], ["stopped", []]);
      await assertSame(await runTiny(WRITTEN, folder, { resume: stopped.id }));
    });

    it("on two threads after one ends with the same bytes", async () => {
      const folder = await folderNamed("more-threads");
      const controller = new AbortController();
      const stopped = await runTiny(WRITTEN, folder, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind === "progress" && event.stage === "reward") controller.abort();
        },
      });
      await assertSame(
        await runTiny(tiny({ ...WRITTEN, runtime: { threads: 2, checkpointEvery: 2 } }), folder, {
          resume: stopped.id,
        }),
      );
    });

    it("tells one story: events of all its processes are valid and counted without gaps", async () => {
      const { last } = await interrupted(await folderNamed("story"), [
        ["sft-1", 2],
        ["ppo", 3],
      ]);
      const events = (await logRecords(path.join(last.folder, "events.jsonl"))).map((event) =>
        eventSchema.parse(event),
      );
      assert.deepEqual(
        events.map(({ sequence }) => sequence),
        events.map((_, index) => index),
      );
      const ends = events.flatMap((event) => (event.kind === "runFinished" ? [event.status] : []));
      assert.deepEqual(ends, ["stopped", "stopped", "finished"]);
      const starts = events.flatMap((event) => (event.kind === "runStarted" ? [event.resumed] : []));
      assert.deepEqual(starts, [false, true, true]);
    });

    it("leaves no savepoint, temporary folder or lock behind", async () => {
      const { last } = await interrupted(await folderNamed("tidy"), [
        ["base", 2],
        ["salsa", 2],
      ]);
      const names = await fs.readdir(last.config.runtime.directory, { recursive: true });
      const left = names.filter((name) =>
        name.split(path.sep).some((part) => /^\.(tmp|work)-|^lock$|^savepoint$/.test(part)),
      );
      assert.deepEqual(left, []);
    });
  });
});
