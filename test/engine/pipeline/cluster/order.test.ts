import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { clusterSchema } from "../../../../engine/config/cluster.ts";
import { orderOf, readOrder, stageOf } from "../../../../engine/pipeline/cluster/order.ts";
import { pricePerHour, queueText } from "../../../../engine/pipeline/cluster/cluster.ts";
import { QueueNotes } from "../../../../engine/pipeline/cluster/queueNotes.ts";
import { skewOf, skewText } from "../../../../engine/pipeline/cluster/join.ts";
import { SharedInputs } from "../../../../engine/pipeline/cluster/sharedInputs.ts";
import { assertUnchanged } from "../../../../engine/pipeline/fingerprints.ts";
import { type ResolvedStage, resolveRecipe } from "../../../../engine/pipeline/resolve.ts";
import { salsa } from "../../../../engine/pipeline/salsa.ts";
import * as stages from "../../../../engine/pipeline/stages/index.ts";
import { Artifacts } from "../../../../engine/storage/artifacts.ts";
import type { Json } from "../../../../engine/storage/json.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { ownData } from "../ownData.ts";
import { type Written, resolved, runTiny, tiny } from "../tinyRun.ts";

const BACKEND = { name: "cuda", revision: 2, build: "sm_90", precision: "bf16" } as const;
const PACE = { checkpointEvery: 5, metricsEvery: 2, gradientCheckpointing: true };

async function stagesOf(written: Written, folder: string): Promise<readonly ResolvedStage[]> {
  const config = resolved(written, folder);
  const artifacts = new Artifacts(config.runtime.directory);
  return (await resolveRecipe(salsa(config).recipe, { artifacts, backend: BACKEND })).stages;
}

describe("orders to other machines", () => {
  it("hold all of a stage, for a machine that sees the shared folder elsewhere", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = tiny({
        reward: { seeds: [1, 2] },
        rlhf: { iterations: 4 },
        arms: { ppo: { reference: "sft-1", beta: { grid: [0.1, 0.2] } }, dpo: { method: "dpo", reference: "soup" } },
        halving: { rungs: 2 },
      });
      const ordered = (await stagesOf(written, folder)).filter(({ declared }) => declared.usesDevice);
      const root = path.join(folder, ".salsa");
      const settings = { root, job: "salsa-1", run: "tiny-1", backend: BACKEND, threads: 4, pace: PACE };
      const names = new Set<string>();
      for (const stage of ordered) {
        const order = readOrder(JSON.stringify(orderOf(stage, settings)), "order.json");
        names.add(order.stage);
        assert.deepEqual(order.backend, BACKEND);
        assert.deepEqual(order.pace, PACE);
        const there = stageOf(order, "/mnt/shared/salsa");
        assert.deepEqual(there.key, stage.key);
        assert.deepEqual(there.info, stage.info);
        assert.deepEqual(there.declared.slice, JSON.parse(JSON.stringify(stage.declared.slice)) as Json);
        const of = ({ artifact, inputs, from }: ResolvedStage): string => JSON.stringify({ artifact, inputs, from });
        assert.deepEqual(JSON.parse(of(there).replaceAll("/mnt/shared/salsa", root)), JSON.parse(of(stage)));
      }
      const onDevices = Object.entries(stages).filter(([, { usesDevice }]) => usesDevice);
      assert.deepEqual(names, new Set(onDevices.map(([name]) => name)));
      // A new kind gets its line in the config's schema, too: its resources.
      const kinds = new Set(onDevices.map(([, { kind }]) => kind));
      assert.deepEqual(kinds, new Set(Object.keys(clusterSchema.shape.stages.unwrap().shape)));
    });
  });

  it("hold how many records of a file are kept back, by which the file is known again", async () => {
    await inTemporaryFolder(async (folder) => {
      const own = await ownData(folder);
      const data = { ...(own["data"] as Written), sft: { from: "sft.jsonl", validation: 0.25 } };
      const root = path.join(folder, ".salsa");
      const sft = (await stagesOf({ ...own, data }, folder)).find(({ info }) => info.kind === "sft") ?? assert.fail();
      const stage = await new SharedInputs(root).of(sft);
      const order = orderOf(stage, { root, job: "j", run: "r", backend: BACKEND, threads: 1, pace: PACE });
      const file = stageOf(readOrder(JSON.stringify(order), "order.json"), root).inputs["data"];
      assert.deepEqual(file, stage.inputs["data"]);
      assert.ok(file !== undefined && "fingerprint" in file && (file.kept ?? 0) > 0);
      await assertUnchanged(file);
    });
  });

  it("are refused when they are damaged, of another version, or lead out of the shared folder", async () => {
    await inTemporaryFolder(async (folder) => {
      const stage = (await stagesOf(tiny(), folder)).find(({ info }) => info.kind === "sft") ?? assert.fail();
      const root = path.join(folder, ".salsa");
      const order = orderOf(stage, { root, job: "j", run: "r", backend: BACKEND, threads: 1, pace: PACE });
      const base = { artifact: "base-1", at: "../../etc", product: "base" };
      const refused: readonly [string, RegExp][] = [
        ["{", /is no JSON; run the config again/],
        [JSON.stringify({ ...order, more: 1 }), /does not fit this version/],
        [JSON.stringify({ ...order, stage: "rm" }), /\(stage\)/],
        [JSON.stringify({ ...order, inputs: { base } }), /\(inputs\.base/],
      ];
      for (const [text, message] of refused) assert.throws(() => readOrder(text, "order.json"), message);
    });
  });

  it("take along what stands outside the shared folder, once, by its content", async () => {
    await inTemporaryFolder(async (folder) => {
      const { config, events } = await runTiny(tiny(), path.join(folder, "first"));
      const sft = events.flatMap((event) =>
        event.kind === "stageStarted" && event.stage === "sft-1" ? [event.key] : [],
      );
      const checkpoint = path.join(config.runtime.directory, "artifacts", sft[0] ?? "");
      const file = path.join(folder, "pairs.jsonl");
      const turn = { prompt: "reverse: a b.", response: "b a.", chosen: "b a.", rejected: "a b." };
      await fs.writeFile(file, `${JSON.stringify(turn)}\n`.repeat(40));
      const data = { sft: file, preferences: file, prompts: file, benchmarks: { mine: file } };
      const model = { checkpoint };
      const written = JSON.parse(
        JSON.stringify({ ...tiny({ model: undefined, task: undefined, evaluation: undefined }), model, data }),
      ) as Written;
      const stages = await stagesOf(written, folder);
      const root = path.join(folder, ".salsa");
      const shared = new SharedInputs(root);
      const [one, other] = await Promise.all(
        ["sft-1", "reward"].map((id) => shared.of(stages.find(({ info }) => info.id === id) ?? assert.fail())),
      );
      const read = one?.inputs["data"];
      assert.ok(read !== undefined && "fingerprint" in read);
      assert.equal(read.path, path.join(root, "inputs", read.fingerprint.slice(0, 16), "pairs.jsonl"));
      assert.deepEqual(await fs.readFile(read.path), await fs.readFile(file));
      const base = one?.inputs["base"];
      assert.ok(base !== undefined && "key" in base);
      assert.equal(base.folder, path.join(root, "inputs", base.key));
      const weights = await fs.readFile(path.join(base.folder, "model.safetensors"));
      assert.deepEqual(weights, await fs.readFile(path.join(checkpoint, "model.safetensors")));
      // Results of stages stand there already.
      const init = other?.inputs["init"];
      assert.ok(init !== undefined && "key" in init && init.folder.startsWith(path.join(root, "artifacts")));
      assert.deepEqual(
        (await fs.readdir(path.join(root, "inputs"))).sort(),
        [base.key, read.fingerprint.slice(0, 16)].sort(),
      );
    });
  });
});

describe("why a job waits", () => {
  const node = { name: "a", isHead: true, cpus: 4, gpus: 2 };
  const need = { cpus: 2, gpus: 1 };

  it("is said where there is no room for it, now or ever", () => {
    assert.equal(queueText(need, { cpus: 4, gpus: 1 }, [node]), undefined);
    assert.equal(queueText(need, { cpus: 4, gpus: 0 }, [node]), "needs 1 GPU and 2 CPUs, free: 0 GPUs and 4 CPUs");
    assert.match(
      queueText({ cpus: 8, gpus: 0 }, need, [node]) ?? "",
      /^needs 8 CPUs, and machines have at most 4 CPUs;/,
    );
    assert.match(queueText(need, need, []) ?? "", /at most 0 GPUs and 0 CPUs; lower/);
    // Two machines are not one.
    assert.match(
      queueText({ cpus: 6, gpus: 1 }, { cpus: 8, gpus: 4 }, [node, node]) ?? "",
      /at most 2 GPUs and 4 CPUs/,
    );
  });
});

describe("notes on a job that waits", () => {
  const nodes = [{ name: "a", isHead: true, cpus: 4, gpus: 2 }];
  const state = { status: "PENDING", message: "" } as const;
  const use = { total: { cpus: 4, gpus: 2 }, free: { cpus: 4, gpus: 0 } };
  const behind = (n: number): string[] => [...Array.from({ length: n }, (_, at) => `other-${at}`), "own", "last"];
  const text = "needs 1 GPU and 1 CPU, free: 0 GPUs and 4 CPUs";

  it("say its place in the queue, and again each time that this is half of what was said", () => {
    const notes = new QueueNotes({ id: "own", need: { cpus: 1, gpus: 1 }, nodes, noteMs: 0 });
    const said = [9, 8, 5, 4, 2, 1, 0].map((n) => notes.reason({ state }, { use, queue: behind(n) }));
    assert.deepEqual(said, [
      `${text}; place 10 of 11 in the queue`,
      ...[undefined, undefined],
      `${text}; place 5 of 6 in the queue`,
      undefined,
      `${text}; place 2 of 3 in the queue`,
      `${text}; place 1 of 2 in the queue`,
    ]);
  });

  it("say the reason alone where the cluster does not list what waits, and no more often than once a while", () => {
    const notes = new QueueNotes({ id: "own", need: { cpus: 1, gpus: 1 }, nodes });
    assert.equal(notes.reason({ state }, { use, queue: undefined }), text);
    assert.equal(notes.reason({ state }, { use, queue: behind(1) }), undefined);
    assert.equal(notes.reason({ state: undefined }, { use, queue: undefined }), undefined);
  });
});

describe("the price of a stage for an hour", () => {
  const cluster = {
    cpus: 4,
    gpus: 1,
    stages: { answers: { gpus: 0.5 } },
    price: { cardHour: 2, coreHour: 0.25, currency: "USD" },
  };
  const of = (kind: string, placement?: ResolvedStage["placement"], usesDevice = true): number => {
    const stage = { info: { kind }, declared: { usesDevice } } as Pick<ResolvedStage, "info" | "declared">;
    return pricePerHour(cluster, { ...stage, ...(placement && { placement }) });
  };

  it("is that of its cards and cores, by its kind, and of all cards of OpenRLHF", () => {
    assert.deepEqual([of("sft"), of("answers"), of("rung")], [3, 2, 3]);
    const place = { nodes: 2, cardsPerNode: 8, tensorParallel: 1, offload: false };
    assert.equal(of("rlhf", { trainer: "openrlhf", reason: "", place }), 2 * 8 * 2 + 1);
  });

  it("is nothing in the run's own process, and without prices", () => {
    assert.equal(of("choice", undefined, false), 0);
    const info = { kind: "sft" };
    const stage = { info, declared: { usesDevice: true } } as Pick<ResolvedStage, "info" | "declared">;
    assert.equal(pricePerHour({ cpus: 1, gpus: 1 }, stage), 0);
  });
});

describe("the clocks of two machines", () => {
  it("differ by as much as the time of an answer is outside of that in which it was asked", () => {
    const span = { asked: 100_000, answered: 105_000 };
    assert.equal(skewOf({ time: 103_000 }, span), 0);
    assert.equal(skewText(skewOf({ time: 40_000 }, span)), "60 s behind");
    assert.equal(skewText(skewOf({ time: 3_705_000 }, span)), "60 min ahead");
  });
});
