import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Backend } from "../../../../engine/compute/backend.ts";
import { StageError } from "../../../../engine/pipeline/executors/executor.ts";
import { LocalExecutor } from "../../../../engine/pipeline/executors/local.ts";
import { type ArtifactHandle, Recipe } from "../../../../engine/pipeline/recipe.ts";
import { resolveRecipe } from "../../../../engine/pipeline/resolve.ts";
import {
  type Artifact,
  type HostContext,
  OutOfBudget,
  type Stage,
  Stopped,
} from "../../../../engine/pipeline/stage.ts";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import { Artifacts } from "../../../../engine/storage/artifacts.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { resolved, tiny } from "../tinyRun.ts";

/** Stages of a test that have begun and ended, and the most at a time. */
interface Record {
  readonly begun: string[];
  readonly ended: string[];
  /** Stages that were to checkpoint their gradients. */
  readonly checkpointed: string[];
  most: number;
}

interface TestStage {
  readonly name: string;
  readonly of?: readonly string[];
  readonly fails?: boolean;
  /** Uses no device. */
  readonly isHost?: boolean;
  /** Its budget is spent at once. */
  readonly isSpent?: boolean;
  /** Works until it is asked to stop. */
  readonly isEndless?: boolean;
}

type TestSlice = Required<Pick<TestStage, "name" | "fails" | "isSpent" | "isEndless">>;

/** A stage that writes its name after some milliseconds, or sooner when it is asked to stop. */
function stageThat(record: Record, usesDevice: boolean): Stage<TestStage, TestSlice, { of: readonly Artifact[] }> {
  const described = {
    kind: "test",
    title: "Test",
    makes: "records",
    revision: 1,
    select: (_: unknown, { name, fails = false, isSpent = false, isEndless = false }: TestStage) => {
      return { name, fails, isSpent, isEndless };
    },
    async run({ folder, pace, signal, report }: HostContext, { name, fails, isSpent, isEndless }: TestSlice) {
      record.begun.push(name);
      if (pace.gradientCheckpointing) record.checkpointed.push(name);
      record.most = Math.max(record.most, record.begun.length - record.ended.length);
      if (isSpent) {
        record.ended.push(name);
        throw new OutOfBudget(name, { comparisons: [], nPairs: 0 });
      }
      await setTimeout(isEndless ? 60_000 : 20, undefined, { signal }).catch(() => undefined);
      record.ended.push(name);
      if (fails) throw new RangeError(`${name} cannot be made`);
      if (signal.aborted) throw new Stopped(name);
      report({ kind: "progress", step: 1, total: 1 });
      await fs.writeFile(path.join(folder, "name"), name);
    },
    cost: () => ({ parameters: 0, memoryBytes: 0, cardBytes: 0, flops: 0 }),
  } as const;
  return usesDevice ? { ...described, usesDevice } : { ...described, usesDevice };
}

interface Ran extends Record {
  readonly opened: number;
  readonly closed: number;
  /** Stages that had begun when the devices were closed. */
  readonly begunAtClose: number;
  readonly events: readonly EventBody[];
  readonly error: unknown;
}

async function execute(
  declared: readonly TestStage[],
  { nDevices, root, stopAt }: { readonly nDevices: number; readonly root: string; readonly stopAt?: string },
): Promise<Ran> {
  const record: Record = { begun: [], ended: [], checkpointed: [], most: 0 };
  const recipe = new Recipe(resolved(tiny(), root));
  const handles = new Map<string, ArtifactHandle>();
  for (const one of declared) {
    const of = (one.of ?? []).flatMap((name) => handles.get(name) ?? []);
    const place = { product: one.name, role: "result" as const };
    handles.set(one.name, recipe.add(stageThat(record, one.isHost !== true), { of: one, inputs: { of }, place }));
  }
  const artifacts = new Artifacts(root);
  const { stages } = await resolveRecipe(recipe, { artifacts, backend: { name: "none", revision: 1 } });
  const idOf = (product: string): string | undefined => stages.find(({ info }) => info.product === product)?.info.id;
  let opened = 0;
  let closed = 0;
  let begunAtClose = 0;
  const events: EventBody[] = [];
  const controller = new AbortController();
  const device = {
    open: () => Promise.resolve((opened++, {} as Backend)),
    close: () => {
      closed += 1;
      begunAtClose = record.begun.length;
      return Promise.resolve();
    },
  };
  const executor = new LocalExecutor(Array(nDevices).fill(device), {
    ...{
      run: "test-1",
      artifacts,
      paceOf: (id) => ({ checkpointEvery: 1, metricsEvery: 1, gradientCheckpointing: id === idOf("b") }),
      signal: controller.signal,
    },
    report: (event) => {
      events.push(event);
      if (event.kind === "stageStarted" && event.stage === stopAt) controller.abort();
    },
    sample: () => undefined,
  });
  const error: unknown = await executor.execute(stages).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { ...record, opened, closed, begunAtClose, events, error };
}

/** Two chains that meet: a → b, c → d, and e of both. */
const CHAINS: readonly TestStage[] = [
  { name: "a" },
  { name: "b", of: ["a"] },
  { name: "c" },
  { name: "d", of: ["c"] },
  { name: "e", of: ["b", "d"] },
];

describe("the local executor", () => {
  it("runs stages in the order of their declaration on one device, one at a time", async () => {
    await inTemporaryFolder(async (root) => {
      const { begun, checkpointed, most, error } = await execute(CHAINS, { nDevices: 1, root });
      assert.equal(error, undefined);
      assert.deepEqual(checkpointed, ["b"], "each has a pace of its own");
      assert.deepEqual(begun, ["a", "b", "c", "d", "e"]);
      assert.equal(most, 1);
    });
  });

  it("runs independent stages at once on two devices, and none before what it is made from", async () => {
    await inTemporaryFolder(async (root) => {
      const { begun, ended, most, error } = await execute(CHAINS, { nDevices: 2, root });
      assert.equal(error, undefined);
      assert.deepEqual(begun.slice(0, 2).sort(), ["a", "c"]);
      assert.equal(most, 2);
      assert.equal(ended.at(-1), "e");
      for (const { name, of = [] } of CHAINS) {
        for (const source of of) assert.ok(ended.indexOf(source) < ended.indexOf(name), `${source} before ${name}`);
      }
    });
  });

  it("opens no device for what is cached, and says that it is", async () => {
    await inTemporaryFolder(async (root) => {
      await execute(CHAINS, { nDevices: 1, root });
      const { opened, begun, events } = await execute(CHAINS, { nDevices: 1, root });
      assert.deepEqual([opened, begun], [0, []]);
      const started = events.filter((event) => event.kind === "stageStarted");
      assert.deepEqual(new Set(started.map(({ cached }) => cached)), new Set([true]));
      assert.equal(started.length, CHAINS.length);
    });
  });

  it("runs stages that use no device beside those that do, opens none for them, and gives it back when none needs it", async () => {
    await inTemporaryFolder(async (root) => {
      const stages: readonly TestStage[] = [
        { name: "a" },
        { name: "judged", of: ["a"], isHost: true },
        { name: "b", of: ["a"] },
        { name: "after", of: ["judged"], isHost: true },
        { name: "last", of: ["after"], isHost: true },
      ];
      const { begun, most, error, opened, closed, begunAtClose } = await execute(stages, { nDevices: 1, root });
      assert.equal(error, undefined);
      assert.deepEqual([begun[0], begun.slice(1, 3).sort(), begun.slice(3)], ["a", ["b", "judged"], ["after", "last"]]);
      assert.equal(most, 2);
      assert.deepEqual([opened > 0, closed], [true, 1]);
      assert.ok(begunAtClose < stages.length, "the device is held while nothing needs it");
    });
    await inTemporaryFolder(async (root) => {
      const alone = await execute([{ name: "x", isHost: true }], { nDevices: 1, root });
      assert.deepEqual([alone.error, alone.opened, alone.begun], [undefined, 0, ["x"]]);
    });
  });

  it("stops stages on devices when one beside them has spent its budget, and says so", async () => {
    await inTemporaryFolder(async (root) => {
      const stages: readonly TestStage[] = [
        { name: "a", isEndless: true },
        { name: "judged", isHost: true, isSpent: true },
        { name: "b", of: ["a"] },
      ];
      const { error, begun, events } = await execute(stages, { nDevices: 1, root });
      assert.ok(error instanceof OutOfBudget, String(error));
      assert.ok(!begun.includes("b"));
      assert.ok(!events.some((event) => event.kind === "stageFinished"), "a works on though the run has stopped");
    });
  });

  it("stops stages on devices when one beside them fails", async () => {
    await inTemporaryFolder(async (root) => {
      const stages = [
        { name: "judged", fails: true, isHost: true },
        { name: "b", isEndless: true },
        { name: "c", of: ["b"] },
      ];
      const { error, begun } = await execute(stages, { nDevices: 1, root });
      assert.ok(error instanceof StageError && error.stage === "judged");
      assert.ok(!begun.includes("c"));
    });
  });

  it("names the stage that failed, stops those beside it and begins no other", async () => {
    await inTemporaryFolder(async (root) => {
      const stages = [
        { name: "a", fails: true },
        { name: "c", isEndless: true },
        { name: "d", of: ["c"] },
      ];
      const { error, begun } = await execute(stages, { nDevices: 2, root });
      assert.ok(error instanceof StageError);
      assert.equal(error.stage, "a");
      assert.match(String(error.cause), /RangeError: a cannot be made/);
      assert.ok(!begun.includes("d"));
    });
  });

  it("stops when it is asked to, and goes on where it was", async () => {
    await inTemporaryFolder(async (root) => {
      const first = await execute(CHAINS, { nDevices: 1, root, stopAt: "c" });
      assert.ok(first.error instanceof Stopped);
      assert.deepEqual(first.begun, ["a", "b", "c"]);
      const second = await execute(CHAINS, { nDevices: 1, root });
      assert.equal(second.error, undefined);
      assert.deepEqual(second.begun, ["c", "d", "e"]);
    });
  });
});

describe("a recipe", () => {
  it("refuses two stages of one id", async () => {
    await inTemporaryFolder(async (root) => {
      await assert.rejects(execute([{ name: "a" }, { name: "a" }], { nDevices: 1, root }), /there are two stages a/);
    });
  });
});
