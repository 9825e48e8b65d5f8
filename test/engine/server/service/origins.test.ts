import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunOutline } from "../../../../engine/protocol/service.ts";
import { recordFolder } from "../../../../engine/storage/recordFolder.ts";
import { StageRecord } from "../../../../engine/storage/stageRecords.ts";
import { runTiny, tiny } from "../../pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { linesOf, stamped, unpacked, writeRun } from "./runFolders.ts";
import { type ServiceClient, withService } from "./serviceClient.ts";

const KEY = "rlhf-0123456789abcdef";
const STEPS = [1, 2, 3];

function rollout(stage: string, step: number, response: string): object {
  const numbers = [0.5];
  const columns = { logprobs: numbers, kl: numbers, rewards: numbers, advantages: numbers, values: numbers };
  return { stage, step, prompt: "p", response, ended: true, score: 1, tokens: [response], ...columns };
}

/** The run that made the stage, under a name of its own. */
async function writeMaker(folder: string, id = "old-1"): Promise<string> {
  const run = await writeRun(folder, id, {
    events: stamped([
      { kind: "runStarted", run: id, name: "old", device: "cpu", resumed: false, stages: ["theirs"] },
      { kind: "stageStarted", stage: "theirs", key: KEY, cached: false },
      ...STEPS.map((step) => ({ kind: "metrics", stage: "theirs", step, values: { "objective/kl": step / 10 } })),
      { kind: "stageFinished", stage: "theirs", seconds: 1 },
      { kind: "runFinished", status: "finished", seconds: 3 },
    ]),
  });
  const samples = [rollout("theirs", 1, "made"), rollout("another", 1, "not taken")];
  await fs.writeFile(path.join(run, "samples.jsonl"), linesOf(samples));
  return run;
}

/** A run that took the stage, and made one itself. */
async function writeTaker(folder: string, { from }: { readonly from?: string } = {}): Promise<string> {
  const run = await writeRun(folder, "new-1", {
    events: stamped([
      { kind: "runStarted", run: "new-1", name: "new", device: "cpu", resumed: false, stages: ["ours", "own"] },
      { kind: "stageStarted", stage: "ours", key: KEY, cached: true, ...(from !== undefined && { from }) },
      { kind: "stageFinished", stage: "ours", seconds: 0 },
      { kind: "stageStarted", stage: "own", key: "rlhf-1111111111111111", cached: false },
      { kind: "metrics", stage: "own", step: 1, values: { "objective/kl": 9 } },
      { kind: "stageFinished", stage: "own", seconds: 1 },
      { kind: "runFinished", status: "finished", seconds: 3 },
    ]),
  });
  await fs.writeFile(path.join(run, "samples.jsonl"), linesOf([rollout("own", 1, "own words")]));
  return run;
}

async function writeRecord(folder: string): Promise<void> {
  const root = path.join(folder, ".salsa");
  const record = await StageRecord.open({ root, key: KEY, run: "old-1" });
  for (const step of STEPS) {
    record.event({ kind: "metrics", stage: "theirs", step, values: { "objective/kl": step / 10 } });
  }
  record.sample(rollout("theirs", 1, "made") as Parameters<StageRecord["sample"]>[0]);
  record.close();
}

async function klOf({ ask }: ServiceClient, folder: string, stage: string): Promise<number[]> {
  const { series } = await ask("series", { folder, keys: [{ stage, metric: "objective/kl" }] });
  return unpacked(series[0]?.values ?? "");
}

const fromOf = ({ stages }: RunOutline, id: string): unknown => stages.find((stage) => stage.id === id)?.from;

describe("a stage that a run took from an earlier one", () => {
  for (const { name, isRecorded } of [
    { name: "a run that recorded nothing beside its artifact", isRecorded: false },
    { name: "a run that recorded it beside its artifact", isRecorded: true },
  ]) {
    it(`has the curves of ${name}, and says whose they are`, async () => {
      await inTemporaryFolder(async (folder) => {
        const maker = await writeMaker(folder);
        if (isRecorded) await writeRecord(folder);
        const run = await writeTaker(folder);
        await withService(async (client) => {
          const outline = await client.ask("outline", { folder: run });
          assert.deepEqual(fromOf(outline, "ours"), { run: "old-1", folder: maker });
          assert.equal(fromOf(outline, "own"), undefined);
          assert.deepEqual(outline.series, { ours: { "objective/kl": 3 }, own: { "objective/kl": 1 } });
          assert.deepEqual(await klOf(client, run, "ours"), [0.1, 0.2, 0.3]);
          assert.deepEqual(await klOf(client, run, "own"), [9]);
        });
      });
    });
  }

  it("has the rollouts of the run that made it, token by token, under its own name", async () => {
    await inTemporaryFolder(async (folder) => {
      const maker = await writeMaker(folder);
      const run = await writeTaker(folder);
      await withService(async ({ ask }) => {
        const query = { folder: run, source: { kind: "rollouts" }, offset: 0, limit: 9 } as const;
        const { allColumns, origins, rows } = await ask("samples", query);
        assert.deepEqual(allColumns, ["own", "ours"]);
        assert.deepEqual(origins, { ours: { run: "old-1", folder: maker } });
        const [own, ours] = rows[0]?.responses ?? [];
        assert.deepEqual([own?.text, ours?.text], ["own words", "made"]);
        const view = await ask("tokens", { folder: run, line: ours?.line ?? -1 });
        assert.deepEqual([view.stage, view.tokens, view.from?.run], ["ours", ["made"], "old-1"]);
        const other = await ask("tokens", { folder: run, line: own?.line ?? -1 });
        assert.deepEqual([other.stage, other.tokens, other.from], ["own", ["own words"], undefined]);
      });
    });
  });

  it("keeps its curves and rollouts when the run that made it is deleted, until its artifact is", async () => {
    await inTemporaryFolder(async (folder) => {
      const maker = await writeMaker(folder);
      await writeRecord(folder);
      const run = await writeTaker(folder);
      const root = path.join(folder, ".salsa");
      await fs.mkdir(path.join(root, "artifacts", KEY), { recursive: true });
      await withService(async (client) => {
        const { ask } = client;
        await ask("setRoots", { roots: [root] });
        await client.until(() => client.runs.size === 2);
        await ask("deleteRun", { folder: maker, artifacts: true });
        assert.deepEqual(fromOf(await ask("outline", { folder: run }), "ours"), { run: "old-1" });
        assert.deepEqual(await klOf(client, run, "ours"), [0.1, 0.2, 0.3]);
        const query = { folder: run, source: { kind: "rollouts" }, columns: ["ours"], offset: 0, limit: 9 } as const;
        assert.equal((await ask("samples", query)).rows[0]?.responses[0]?.text, "made");
        await ask("deleteRun", { folder: run, artifacts: true });
        assert.deepEqual(await fs.readdir(path.dirname(recordFolder(root, KEY))), []);
      });
    });
  });

  it("is followed to the run that its event names, where several made the same", async () => {
    await inTemporaryFolder(async (folder) => {
      await writeMaker(folder);
      await writeMaker(folder, "older-1");
      const run = await writeTaker(folder, { from: "older-1" });
      await withService(async ({ ask }) => {
        const outline = await ask("outline", { folder: run });
        assert.deepEqual(fromOf(outline, "ours"), { run: "older-1", folder: path.join(folder, ".salsa/runs/older-1") });
      });
    });
  });

  it("has no curves, and says so by having no origin, where nobody knows who made it", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeTaker(folder);
      await withService(async ({ ask }) => {
        const outline = await ask("outline", { folder: run });
        assert.deepEqual([fromOf(outline, "ours"), outline.series["ours"]], [undefined, undefined]);
      });
    });
  });
});

describe("a run whose stages were all made before", function () {
  this.timeout(120_000);

  it("has the curves and rollouts of the run that made them, also once that is deleted", async () => {
    await inTemporaryFolder(async (folder) => {
      const first = await runTiny(tiny(), folder);
      const second = await runTiny(tiny({ name: "again" }), folder);
      await withService(async (client) => {
        const { ask } = client;
        const made = await ask("outline", { folder: first.folder });
        const query = { source: { kind: "rollouts" }, offset: 0, limit: 100 } as const;
        const { rows } = await ask("samples", { ...query, folder: first.folder });
        await ask("deleteRun", { folder: first.folder, artifacts: false });
        const taken = await ask("outline", { folder: second.folder });
        assert.ok(taken.stages.every(({ status }) => status === "cached"));
        assert.ok(taken.stages.every(({ from }) => from?.run === "tiny-1" && from.folder === undefined));
        assert.deepEqual(taken.series, made.series);
        const page = await ask("samples", { ...query, folder: second.folder });
        const textsOf = (all: typeof rows): unknown =>
          all.map(({ step, responses }) => [step, ...responses.map((one) => one?.text)]);
        assert.ok(rows.length > 0);
        assert.deepEqual(textsOf(page.rows), textsOf(rows));
      });
    });
  });
});
