import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { openRlhf } from "../../../../engine/cluster/openrlhf/index.ts";
import { trainerSchema } from "../../../../engine/config/trainer.ts";
import { METRICS } from "../../../../engine/protocol/catalogue.ts";
import { loadModel } from "../../../../engine/pipeline/modelFolder.ts";
import { type FinishedJob, collectTrained } from "../../../../engine/pipeline/trainer/collect.ts";
import { agreeOnCheckpoint, newestCheckpoint } from "../../../../engine/pipeline/trainer/checkpoints.ts";
import { type TrainingJob, trainingJob } from "../../../../engine/pipeline/trainer/stage.ts";
import { type TrainingEnd, type JobServer, trainElsewhere } from "../../../../engine/pipeline/trainer/train.ts";
import type { TrainedStage } from "../../../../engine/pipeline/trainer/trainedStage.ts";
import { TrainingWatch } from "../../../../engine/pipeline/trainer/watch.ts";
import { parseSample } from "../../../../engine/storage/formats/samples.ts";
import type { Artifact, HostContext, Savepoint, StageReport } from "../../../../engine/pipeline/stage.ts";
import { rewardModel } from "../../../../engine/pipeline/stages/rewardModel.ts";
import { rlhf } from "../../../../engine/pipeline/stages/rlhf.ts";
import { sft } from "../../../../engine/pipeline/stages/sft.ts";
import { type PythonWith, neededBy, pythonWithDriver } from "../../cluster/trainer/wheel.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type TinyRun, type Written, keysOf, runTiny, tiny } from "../tinyRun.ts";

const by = openRlhf;
const trainer = trainerSchema.parse({ use: "openrlhf", saveCritic: true, savePolicies: true });
const pace = { checkpointEvery: 2, metricsEvery: 1, gradientCheckpointing: false };
const place = { nodes: 1, cardsPerNode: 1, tensorParallel: 1, offload: false };

/** A job's process, when it has ended. */
interface Played {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds that a job is given to save, unless a test gives it less. */
const GRACE_MS = 60_000;

describe("a training of OpenRLHF, played by a driver", () => {
  let python: PythonWith;
  let home: string;
  let run: TinyRun;

  before(async function () {
    python = neededBy(this, pythonWithDriver);
    // Names that a shell reads in its own way.
    home = await fs.mkdtemp(path.join(os.tmpdir(), "salsa's openrlhf-"));
    run = await runTiny(tiny({ reward: { batchSize: 4 }, rlhf: { klController: "fixed" } }), home);
    // The shared folder by another path, as a cluster may see it.
    await fs.symlink(home, `${home}-seen`, "dir");
  });
  after(async () => {
    await fs.rm(`${home}-seen`, { force: true });
    await fs.rm(home, { recursive: true, force: true });
  });

  const made = (stage: string): Artifact => {
    const key = keysOf(run).get(stage) ?? assert.fail(`no ${stage}`);
    return { key, folder: path.join(run.config.runtime.directory, "artifacts", key), product: stage };
  };
  const stages = {
    sft: (): TrainedStage => ({
      kind: "sft",
      slice: sft.select(run.config, { seed: 1, sftSeed: 1 }),
      inputs: { base: made("base"), data: undefined },
    }),
    reward: (): TrainedStage => ({
      kind: "reward",
      slice: rewardModel.select(run.config, { seed: 1 }),
      inputs: { init: made("sft-1"), pairs: made("preferences"), data: undefined },
    }),
    rlhf: (): TrainedStage => ({
      kind: "rlhf",
      slice: rlhf.select(run.config, { arm: "salsa", beta: 0.05, seed: 1 }),
      inputs: { init: made("sft-1"), reference: [made("soup")], reward: made("reward"), data: undefined },
    }),
  };

  const prepared = (stage: TrainedStage, folder: string, on = place): Promise<TrainingJob> =>
    trainingJob(stage, { by, folder, seenAs: (file) => file.replace(home, `${home}-seen`), trainer, place: on, pace });

  const play = ({ entrypoint, env }: TrainingJob, more: NodeJS.ProcessEnv = {}): Promise<Played> =>
    new Promise((resolve) => {
      const all = { ...python.env, ...env, ...more };
      const child = execFile("sh", ["-c", entrypoint], { env: all }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
    });

  /** Takes jobs as processes of this machine, as a cluster would. */
  class Processes implements JobServer {
    readonly jobs = new Map<string, { ended: Promise<TrainingEnd>; end?: TrainingEnd; stop(): void }>();
    /** Variables of those that are submitted next. */
    more: NodeJS.ProcessEnv = {};

    newId(): string {
      return `job-${this.jobs.size + 1}`;
    }

    look(id: string): ReturnType<JobServer["look"]> {
      const job = this.jobs.get(id);
      if (job === undefined) return Promise.resolve("unknown");
      return Promise.resolve(job.end === undefined || job.end.how === "finished" ? "alive" : "over");
    }

    submit(id: string, { entrypoint, env }: TrainingJob): Promise<void> {
      assert.ok(!this.jobs.has(id), `${id} is submitted twice`);
      const child = spawn("sh", ["-c", `exec ${entrypoint}`], { env: { ...python.env, ...env, ...this.more } });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
      child.stdout.resume();
      const ended = new Promise<TrainingEnd>((resolve) =>
        child.on("close", (code, signal) => {
          const reason = said.trim().split("\n").at(-1) ?? "";
          const end =
            code === 0 ? { how: "finished" as const } : { how: signal === "SIGKILL" ? "lost" : "failed", reason };
          job.end = end as TrainingEnd;
          resolve(job.end);
        }),
      );
      const job: { ended: Promise<TrainingEnd>; end?: TrainingEnd; stop(): void } = {
        ended,
        stop: () => child.kill(),
      };
      this.jobs.set(id, job);
      return Promise.resolve();
    }

    follow(id: string): ReturnType<JobServer["follow"]> {
      const job = this.jobs.get(id) ?? assert.fail(id);
      const stop = (): Promise<void> => Promise.resolve().then(() => job.stop());
      return { ended: job.ended, isWaiting: () => false, cards: () => ({ memory: 256 }), stop };
    }
  }

  /** Everything that a watched job reports. */
  const watched = (
    kind: TrainedStage["kind"],
    folder: string,
    totalSteps: number,
  ): { readonly watch: TrainingWatch; readonly reports: StageReport[]; readonly samples: object[] } => {
    const reports: StageReport[] = [];
    const samples: object[] = [];
    const context = {
      report: (one: StageReport) => void reports.push(one),
      sample: (one: object) => void samples.push(one),
    };
    const arm = kind === "rlhf" ? { arm: { beta: 0.05, scoreClip: 0 } } : {};
    return { watch: new TrainingWatch(context, { by, kind, folder, totalSteps, ...arm }), reports, samples };
  };

  const metricsIn = (
    reports: readonly StageReport[],
  ): readonly (readonly [number, Readonly<Record<string, number | null>>])[] =>
    reports.flatMap((one) => (one.kind === "metrics" ? [[one.step, one.values] as const] : []));

  /** Makes a folder for a job and one for its result. */
  const folders = async (name: string): Promise<readonly [folder: string, into: string]> => {
    const into = path.join(home, "results", name);
    await fs.mkdir(into, { recursive: true });
    return [path.join(home, "work", name), into];
  };

  const known = new Set<string>(METRICS.map(({ name }) => name));

  it("makes an SFT that this engine loads, with its curves", async () => {
    const [folder, into] = await folders("sft");
    const stage = stages.sft();
    const job = await prepared(stage, folder);
    assert.deepEqual([job.totalSteps, job.cards, job.entrypointCards], [6, 1, 1]);
    const { code, stderr } = await play(job);
    assert.equal(code, 0, stderr);
    const { watch, reports } = watched("sft", folder, job.totalSteps);
    await watch.look(true);
    const metrics = metricsIn(reports);
    assert.deepEqual(
      metrics.map(([step]) => step),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(Object.keys(metrics[0]?.[1] ?? {}).sort(), ["sft/gradNorm", "sft/learningRate", "sft/loss"]);
    assert.deepEqual(reports.filter((one) => one.kind === "progress").at(-1), { kind: "progress", step: 6, total: 6 });
    const { kept } = await collectTrained({ by, stage, folder, into });
    assert.deepEqual(kept, ["global_step2_hf", "global_step4_hf", "global_step6_hf"]);
    const [trained, base] = await Promise.all([loadModel(into), loadModel(made("base").folder)]);
    assert.deepEqual([...trained.weights.keys()], [...base.weights.keys()]);
    assert.equal(trained.carried.type, "BF16");
    assert.deepEqual(trained.format.encodePrompt("make a list"), base.format.encodePrompt("make a list"));
  });

  it("makes a reward model under the class that others know", async () => {
    const [folder, into] = await folders("reward");
    const stage = stages.reward();
    const job = await prepared(stage, folder);
    const { code, stderr } = await play(job);
    assert.equal(code, 0, stderr);
    const { watch, reports } = watched("reward", folder, job.totalSteps);
    await watch.look(true);
    const last = metricsIn(reports).at(-1)?.[1] ?? {};
    assert.equal(last["reward/heldOutAccuracy"], 0.8125);
    assert.equal(last["reward/accuracy"], 0.75);
    // Written by OpenRLHF as its own class, which nobody else has.
    const read = async (at: string): Promise<Record<string, unknown>> =>
      JSON.parse(await fs.readFile(path.join(at, "config.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual((await read(path.join(folder, "model")))["architectures"], ["RewardModel"]);
    await collectTrained({
      by,
      stage,
      folder,
      into,
      reward: { heldOutAccuracy: 0.8125, heldOutPairs: 4, trainedOn: 36 },
    });
    const config = await read(into);
    assert.deepEqual([config["architectures"], config["num_labels"]], [["LlamaForSequenceClassification"], 1]);
    assert.equal(config["pad_token_id"], null);
    const { weights } = await loadModel(into, ["score"]);
    assert.deepEqual(weights.get("score.weight")?.shape, [1, 16]);
    assert.deepEqual(JSON.parse(await fs.readFile(path.join(into, "reward.json"), "utf8")), {
      ...{ heldOutAccuracy: 0.8125, heldOutPairs: 4, trainedOn: 36 },
    });
  });

  it("holds PPO to the soup, and is read as a training of our own", async () => {
    const [folder, into] = await folders("salsa");
    const stage = stages.rlhf();
    const job = await prepared(stage, folder);
    assert.deepEqual([job.totalSteps, job.entrypointCards], [3, 0]);
    const { code, stdout, stderr } = await play(job);
    assert.equal(code, 0, stderr);
    const seen = (artifact: Artifact): string => artifact.folder.replace(home, `${home}-seen`);
    const loads = [...stdout.matchAll(/^\((\w+) pid=\d+\) model at (.*)$/gm)].map(([, group, at]) => [group, at]);
    assert.deepEqual(loads, [
      ["PolicyModelActor", seen(made("sft-1"))],
      ["ReferenceModelActor", seen(made("soup"))],
      ["RewardModelActor", seen(made("reward"))],
      ["CriticModelActor", seen(made("reward"))],
    ]);
    const { watch, reports, samples } = watched("rlhf", folder, job.totalSteps);
    await watch.look(true);
    const metrics = metricsIn(reports);
    assert.equal(metrics.length, 3);
    const unknown = Object.keys(metrics[0]?.[1] ?? {}).filter((name) => !known.has(name));
    // Its own: kept under its own names.
    assert.ok(
      unknown.every((name) => name.startsWith("train/")),
      unknown.join(),
    );
    for (const name of [
      "objective/kl",
      "objective/score",
      "objective/beta",
      "rollout/eosRate",
      "loss/value",
      "policy/entropy",
    ])
      assert.ok(name in (metrics[0]?.[1] ?? {}), name);
    // The driver's penalty of a response: 4·(1 − e^(−step/8)); event files hold f32.
    for (const [step, values] of metrics)
      assert.ok(
        Math.abs((values["objective/kl"] ?? NaN) - 4 * (1 - Math.exp(-step / 8))) < 1e-5,
        String(values["objective/kl"]),
      );
    // The same log of a policy that is held fifty times less: its KL is fifty times as large.
    const alarmed: StageReport[] = [];
    const context = { report: (one: StageReport) => void alarmed.push(one), sample: () => undefined };
    const arm = { beta: 0.001, scoreClip: 0 };
    await new TrainingWatch(context, { by, kind: "rlhf", folder, totalSteps: 3, arm }).look(true);
    const names = (all: readonly StageReport[]): readonly string[] =>
      all.flatMap((one) => (one.kind === "alarm" ? [one.name] : []));
    assert.deepEqual([names(reports), names(alarmed)], [[], ["gibberish"]]);
    const sample = parseSample(Buffer.from(JSON.stringify({ stage: "salsa", ...samples[2] })));
    assert.ok(typeof sample === "object", JSON.stringify(sample));
    assert.match(sample.response, /an answer of step 3$/);
    assert.equal(sample.score, 0.3127);
    const { kept } = await collectTrained({ by, stage, folder, into });
    assert.deepEqual(kept, ["global_step1_hf", "global_step2_hf", "global_step3_hf", "critic"]);
    assert.ok((await fs.readdir(path.join(into, "critic"))).includes("config.json"));
    assert.deepEqual(
      [...(await loadModel(into)).weights.keys()],
      [...(await loadModel(made("sft-1").folder)).weights.keys()],
    );
  });

  it("goes on from its checkpoint when it was cut off, and reports no step twice", async () => {
    const [folder] = await folders("cut");
    const stage = stages.sft();
    const job = await prepared(stage, folder);
    const resumes = async (): Promise<boolean> =>
      (await fs.readFile(path.join(folder, "job.json"), "utf8")).includes("--ckpt.load_enable");
    assert.equal(await resumes(), false);
    const { watch, reports } = watched("sft", folder, job.totalSteps);
    // Nothing is there yet.
    await watch.look(false);
    const { code, stderr } = await play(job, { SALSA_PLAY_FAIL_AT: "4" });
    assert.equal(code, 1);
    assert.match(stderr, /RuntimeError: CUDA out of memory/);
    // Step 3 may be half written for all that is known. What cards do now is so of the newest step alone.
    await watch.look(false, { memory: 512, busy: 0.75 });
    assert.equal(watch.step, 2);
    assert.deepEqual(
      metricsIn(reports).map(([, values]) => [values["device/memory"], values["device/busy"]]),
      [
        [undefined, undefined],
        [512, 0.75],
      ],
    );
    const again = await prepared(stage, folder);
    assert.equal(await resumes(), true);
    assert.deepEqual(again.notes, []);
    assert.match((await play(again)).stdout, /Loaded the checkpoint: .*, step 2/);
    await watch.look(true);
    assert.deepEqual(
      metricsIn(reports).map(([step]) => step),
      [1, 2, 3, 4, 5, 6],
    );
    // ZeRO's checkpoints are read by as many cards as have written them.
    const wider = await prepared(stage, folder, { ...place, cardsPerNode: 2 });
    assert.deepEqual(wider.notes, ["starts over: its checkpoint was written on 1 card, and is not read on 2"]);
    assert.deepEqual([await resumes(), wider.entrypointCards], [false, 0]);
  });

  it("is no result where a number is none, a file is missing, or the tokenizer is another", async () => {
    const [folder, into] = await folders("bad");
    const stage = stages.sft();
    const job = await prepared(stage, folder);
    const finished: FinishedJob = { by, stage, folder, into };
    await assert.rejects(collectTrained(finished), /there is no such folder/);
    await play(job, { SALSA_PLAY_NAN: "1" });
    await assert.rejects(
      collectTrained(finished),
      /tensor model\.norm\.weight: holds numbers that are not finite; lower the learning rate/,
    );
    await play(job);
    const tokenizer = path.join(folder, "model", "tokenizer.json");
    const whole = await fs.readFile(tokenizer, "utf8");
    await fs.writeFile(tokenizer, otherWord(whole));
    await assert.rejects(collectTrained(finished), /the tokenizer is not that of .*: it differs at/);
    await fs.writeFile(tokenizer, whole);
    await fs.rm(path.join(folder, "model", "model-00002-of-00002.safetensors"));
    await assert.rejects(collectTrained(finished), /model-00002-of-00002\.safetensors/);
    assert.deepEqual(await fs.readdir(into), []);
  });

  /** A stage's training with everything that it reports, and what it remembers. */
  class Work {
    readonly reports: StageReport[] = [];
    readonly jobs = new Processes();
    private readonly workspace: string;
    private readonly into: string;
    private saved: Savepoint | undefined;

    constructor(workspace: string, into: string) {
      this.workspace = workspace;
      this.into = into;
    }

    async train(
      stage: TrainedStage,
      stopAt = Infinity,
      more: NodeJS.ProcessEnv = {},
      graceMs = GRACE_MS,
    ): Promise<void> {
      this.jobs.more = more;
      await fs.mkdir(this.workspace, { recursive: true });
      const stopping = new AbortController();
      const context: HostContext = {
        ...{ name: stage.kind, folder: this.into, workspace: this.workspace, pace, signal: stopping.signal },
        report: (one) => {
          this.reports.push(one);
          if (one.kind === "metrics" && one.step >= stopAt) stopping.abort();
        },
        sample: () => undefined,
        restore: (form) => {
          const { saved } = this;
          if (saved === undefined) return Promise.resolve(undefined);
          const { step, json } = saved;
          return Promise.resolve({ folder: "", step, json: form.parse(json), tensors: {} });
        },
        save: (savepoint) => Promise.resolve(void (this.saved = savepoint)),
      };
      await trainElsewhere(context, stage, {
        ...{ by, trainer, place, seenAs: (file: string) => file, pollMs: 20, graceMs, jobs: this.jobs },
      });
    }

    get notes(): readonly string[] {
      return this.reports.flatMap((one) => (one.kind === "note" ? [one.message] : []));
    }

    get steps(): readonly number[] {
      return metricsIn(this.reports).map(([step]) => step);
    }
  }

  it("is a stage's work from its start to its artifact, where a cluster takes the job", async () => {
    const [workspace, into] = await folders("whole");
    const work = new Work(workspace, into);
    const slow = work.train(stages.reward(), 1, { SALSA_PLAY_SECONDS: "0.15" });
    // Not before the next checkpoint, which is of step 2 or 4.
    await assert.rejects(slow, /^Stopped: reward: stopped after step [2345]; it goes on from its newest checkpoint$/);
    assert.match((await newestCheckpoint(path.join(workspace, "openrlhf"))) ?? "", /^global_step[24]$/);
    // With what its cards do, as the cluster says it.
    assert.ok(metricsIn(work.reports).some(([, values]) => values["device/memory"] === 256));
    const dying = work.train(stages.reward(), Infinity, { SALSA_PLAY_FAIL_AT: "7" });
    await assert.rejects(
      dying,
      /^TrainerError: reward: OpenRLHF failed after step 6: .*CUDA out of memory; salsa resume/,
    );
    await work.train(stages.reward());
    assert.equal(work.jobs.jobs.size, 3);
    assert.deepEqual(work.steps, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual([...(await loadModel(into, ["score"])).weights.keys()].at(-1), "score.weight");
    const facts = JSON.parse(await fs.readFile(path.join(into, "reward.json"), "utf8")) as unknown;
    assert.deepEqual(facts, { heldOutAccuracy: 0.8125, heldOutPairs: 4, trainedOn: 36 });
    // The stop may have come while the model of its checkpoint was being written.
    const keeps = work.notes.at(-1) ?? "";
    assert.match(
      keeps,
      /^keeps beside the model: (global_step2_hf, )?(global_step4_hf, )?global_step6_hf, global_step8_hf$/,
    );
    const leftOut = work.notes
      .slice(0, -1)
      .map((note) => /^leaves out a checkpoint's model: .*(global_step[24]_hf)/.exec(note)?.[1]);
    const all = [...leftOut, ...(keeps.split(": ")[1]?.split(", ") ?? [])];
    assert.deepEqual(all.toSorted(), ["global_step2_hf", "global_step4_hf", "global_step6_hf", "global_step8_hf"]);
  });

  it("is ended where no checkpoint comes in the time that a stop leaves it, and begins again", async () => {
    const [workspace, into] = await folders("held");
    const work = new Work(workspace, into);
    const begun = performance.now();
    const held = work.train(stages.reward(), 1, { SALSA_PLAY_HOLD_AT: "3" }, 300);
    await assert.rejects(held, /^Stopped: reward: stopped after step 2; /);
    assert.ok(performance.now() - begun < GRACE_MS / 2, "not by the time that it has otherwise");
    const [job] = work.jobs.jobs.values();
    assert.equal(job?.end?.how, "failed", "its process is gone");
    await work.train(stages.reward());
    assert.deepEqual(work.steps, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("leaves out the models of checkpoints that a killed job has left in parts, and says which", async () => {
    const [folder, into] = await folders("parts");
    const stage = stages.sft();
    await play(await prepared(stage, folder));
    const at = (...names: string[]): string => path.join(folder, "checkpoints", ...names);
    const names = (await fs.readdir(at())).filter((name) => name.endsWith("_hf")).toSorted();
    assert.equal(names.length, 3);
    const [nothing = "", noShard = "", whole = ""] = names;
    for (const file of await fs.readdir(at(nothing))) await fs.rm(at(nothing, file), { recursive: true });
    for (const file of await fs.readdir(at(noShard))) if (file.endsWith(".safetensors")) await fs.rm(at(noShard, file));
    const { kept, leftOut } = await collectTrained({ by, stage, folder, into });
    assert.deepEqual(kept, [whole]);
    assert.deepEqual(
      leftOut.map(({ message }) => /global_step\d+_hf/.exec(message)?.[0]),
      [nothing, noShard],
    );
    assert.deepEqual(
      (await fs.readdir(into)).filter((name) => name.startsWith("global_step")),
      [whole],
    );
  });

  it("follows the job that a process before it has submitted, and takes what it has made meanwhile", async () => {
    const [workspace, into] = await folders("followed");
    const work = new Work(workspace, into);
    const left = new Work(workspace, (await folders("orphan"))[1]);
    const orphan = left.train(stages.reward(), Infinity, { SALSA_PLAY_SECONDS: "0.05" }).catch(() => undefined);
    while (left.steps.length < 2) await setTimeout(10);
    Object.assign(work, { saved: Reflect.get(left, "saved") as unknown, jobs: left.jobs });
    await left.jobs.jobs.get("job-1")?.ended;
    await work.train(stages.reward());
    await orphan;
    assert.deepEqual([...left.jobs.jobs.keys()], ["job-1"]);
    assert.deepEqual(work.notes, [
      "follows the job that it already has: job-1",
      "keeps beside the model: global_step2_hf, global_step4_hf, global_step6_hf, global_step8_hf",
    ]);
  });

  it("goes on from the older checkpoint where policy and critic were cut off in between", async () => {
    const [folder] = await folders("agree");
    const at = (...names: string[]): string => path.join(folder, "checkpoints", ...names);
    assert.equal(await agreeOnCheckpoint(folder), false);
    for (const [model, tags] of [
      ["_actor", ["global_step9", "global_step10"]],
      ["_critic", ["global_step9"]],
    ] as const) {
      for (const tag of tags) await fs.mkdir(at(model, tag), { recursive: true });
      await fs.writeFile(at(model, "latest"), tags.at(-1) ?? "");
    }
    assert.equal(await newestCheckpoint(folder), "global_step9");
    assert.equal(await agreeOnCheckpoint(folder), true);
    assert.equal(await fs.readFile(at("_actor", "latest"), "utf8"), "global_step9");
    await fs.rm(at("_actor", "global_step9"), { recursive: true });
    assert.equal(await agreeOnCheckpoint(folder), false);
  });

  it("is not begun of a file that has changed since the run began, and leaves no list of its records behind", async () => {
    const file = path.join(home, "changed.jsonl");
    await fs.writeFile(file, "{}\n");
    const data = { path: file, fingerprint: "of another time", rows: 1, longestRow: 2 };
    for (const stage of Object.values(stages)) {
      const { kind, inputs, ...rest } = stage();
      const folder = path.join(home, "work", `changed-${kind}`);
      await assert.rejects(
        prepared({ ...rest, kind, inputs: { ...inputs, data } } as TrainedStage, folder),
        /changed\.jsonl: has changed since the run began; resume the run/,
      );
      assert.deepEqual(
        (await fs.readdir(folder)).toSorted(),
        kind === "reward" ? ["data.jsonl", "heldOut.jsonl"] : ["data.jsonl"],
      );
    }
  });

  it("is not begun with models that read other tokens, or folders that OpenRLHF splits", async () => {
    const [folder] = await folders("other");
    const stage = stages.rlhf();
    assert.ok(stage.kind === "rlhf");
    const other = path.join(home, "results", "other-soup");
    await fs.cp(made("soup").folder, other, { recursive: true });
    const tokenizer = path.join(other, "tokenizer.json");
    await fs.writeFile(tokenizer, otherWord(await fs.readFile(tokenizer, "utf8")));
    const inputs = { ...stage.inputs, reference: [{ key: "k", folder: other, product: "soup" }] };
    await assert.rejects(
      prepared({ ...stage, inputs }, folder),
      /the reference would read other tokens than the policy: its tokenizer\.json differs/,
    );
    await assert.rejects(prepared(stages.sft(), `${folder},b`), /has a comma or an @ in its path/);
  });
});

describe("data for OpenRLHF that it does not take", () => {
  it("ends a run before its cluster is asked for anything", async () => {
    await inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      const checkpoint = path.join(folder, ".salsa/artifacts", keysOf(made).get("base") ?? "");
      const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      const examples = Array.from({ length: 8 }, (_, at) => ({
        prompt: "city ".repeat(at + 1).trim(),
        response: "river time",
      }));
      const written: Record<string, string> = {
        "sft.jsonl": lines(examples),
        "pairs.jsonl": lines(examples.map(({ prompt }) => ({ prompt, chosen: "river time", rejected: "river" }))),
        "prompts.jsonl": lines(examples.map(({ prompt }) => ({ prompt }))),
      };
      for (const [name, text] of Object.entries(written)) await fs.writeFile(path.join(folder, name), text);
      const { task: _task, ...base } = tiny({ rlhf: { klController: "fixed" } });
      const config = (more: object): Written => ({
        ...base,
        model: { checkpoint },
        data: {
          ...{ sft: "sft.jsonl", preferences: "pairs.jsonl", prompts: "prompts.jsonl" },
          benchmarks: { mine: "prompts.jsonl" },
        },
        evaluation: { benchmarks: ["mine"], judge: "reward", validationPrompts: 2 },
        reward: { pairs: 8, batchSize: 2, heldOut: 0.25 },
        // Nobody answers there.
        runtime: { cluster: { address: "http://127.0.0.1:9", trainer: { use: "openrlhf" } } },
        ...more,
      });
      const refused = (more: object, message: RegExp): Promise<void> =>
        assert.rejects(runTiny(config(more), folder), message);
      await refused({}, /127\.0\.0\.1:9: cannot be reached/);
      await refused(
        { reward: { pairs: 8, batchSize: 16, heldOut: 0.25 } },
        /pairs\.jsonl: 6 examples are fewer than one step of OpenRLHF takes, 16; give at least 16/,
      );
      const elsewhere = { directory: path.join(folder, "a,b") };
      await refused(
        { runtime: { ...(config({})["runtime"] as Written), ...elsewhere } },
        /a,b.*: has a comma or an @ in its path/,
      );
    });
  });
});

/** A tokenizer.json with another word in the place of its last one. */
function otherWord(text: string): string {
  const json = JSON.parse(text) as { readonly model: { readonly vocab: Record<string, number> } };
  const [last = "", id = 0] = Object.entries(json.model.vocab).at(-1) ?? [];
  const { [last]: _gone, ...vocab } = json.model.vocab;
  return JSON.stringify({ ...json, model: { ...json.model, vocab: { ...vocab, another: id } } });
}
