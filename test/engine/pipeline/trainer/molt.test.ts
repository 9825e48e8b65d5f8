import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { molt as by } from "../../../../engine/cluster/molt/index.ts";
import { trainerSchema } from "../../../../engine/config/trainer.ts";
import { METRICS } from "../../../../engine/protocol/catalogue.ts";
import { loadModel } from "../../../../engine/pipeline/modelFolder.ts";
import { collectTrained } from "../../../../engine/pipeline/trainer/collect.ts";
import { type TrainingJob, trainingJob } from "../../../../engine/pipeline/trainer/stage.ts";
import type { TrainedStage } from "../../../../engine/pipeline/trainer/trainedStage.ts";
import { TrainingWatch } from "../../../../engine/pipeline/trainer/watch.ts";
import type { Artifact, StageReport } from "../../../../engine/pipeline/stage.ts";
import { rlhf } from "../../../../engine/pipeline/stages/rlhf.ts";
import { sft } from "../../../../engine/pipeline/stages/sft.ts";
import { type PythonWith, neededBy, pythonWithDriver } from "../../cluster/trainer/wheel.ts";
import { type TinyRun, keysOf, runTiny, tiny } from "../tinyRun.ts";

const trainer = trainerSchema.parse({ use: "molt", savePolicies: true });
const pace = { checkpointEvery: 2, metricsEvery: 1, gradientCheckpointing: false };
const one = { nodes: 1, cardsPerNode: 1, tensorParallel: 1, offload: false };
/** One card that trains, one that samples and one that scores. */
const three = { ...one, cardsPerNode: 3 };

describe("a training of Molt, played by a driver", () => {
  let python: PythonWith;
  let home: string;
  let run: TinyRun;

  before(async function () {
    python = neededBy(this, pythonWithDriver);
    home = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-molt-"));
    run = await runTiny(tiny({ sft: { steps: 7 }, rlhf: { klController: "fixed" } }), home);
  });
  after(() => fs.rm(home, { recursive: true, force: true }));

  const made = (stage: string): Artifact => {
    const key = keysOf(run).get(stage) ?? assert.fail(`no ${stage}`);
    return { key, folder: path.join(run.config.runtime.directory, "artifacts", key), product: stage };
  };
  const sftStage = (template?: string): TrainedStage => ({
    kind: "sft",
    slice: sft.select(run.config, { seed: 1, sftSeed: 1 }),
    inputs: {
      ...{ base: made("base"), data: undefined },
      ...(template !== undefined && {
        template: { path: template, fingerprint: "f", rows: 1, longestRow: 1 },
      }),
    },
  });
  const ppoStage = (): TrainedStage => ({
    kind: "rlhf",
    slice: rlhf.select(run.config, { arm: "salsa", beta: 0.05, seed: 1 }),
    inputs: { init: made("sft-1"), reference: [made("soup")], reward: made("reward"), data: undefined },
  });

  const prepared = (stage: TrainedStage, folder: string): Promise<TrainingJob> =>
    trainingJob(stage, {
      ...{ by, folder, seenAs: (file: string) => file, trainer, pace },
      place: stage.kind === "sft" ? one : three,
    });

  const play = (
    { entrypoint, env }: TrainingJob,
    more: NodeJS.ProcessEnv = {},
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
    new Promise((resolve) => {
      const child = execFile(
        "sh",
        ["-c", entrypoint],
        { env: { ...python.env, ...env, ...more } },
        (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });

  /** Everything that a job has logged. */
  const logged = async (
    kind: TrainedStage["kind"],
    folder: string,
    totalSteps: number,
  ): Promise<{
    readonly steps: readonly number[];
    readonly first: Readonly<Record<string, number | null>>;
    readonly samples: readonly Readonly<Record<string, unknown>>[];
  }> => {
    const reports: StageReport[] = [];
    const samples: Record<string, unknown>[] = [];
    const context = {
      report: (report: StageReport) => void reports.push(report),
      sample: (sample: Record<string, unknown>) => void samples.push(sample),
    };
    const arm = kind === "rlhf" ? { arm: { beta: 0.05, scoreClip: 0 } } : {};
    await new TrainingWatch(context, { by, kind, folder, totalSteps, ...arm }).look(true);
    const metrics = reports.flatMap((report) => (report.kind === "metrics" ? [report] : []));
    return { steps: metrics.map(({ step }) => step), first: metrics[0]?.values ?? {}, samples };
  };

  const folders = async (name: string): Promise<readonly [folder: string, into: string]> => {
    const into = path.join(home, "results", name);
    await fs.mkdir(into, { recursive: true });
    return [path.join(home, "work", name), into];
  };

  it("is given no texts for SFT", async () => {
    const [folder] = await folders("texts");
    await assert.rejects(
      prepared(sftStage(), folder),
      /record 1: is a text, and Molt's SFT takes conversations alone; give it as messages/,
    );
  });

  it("makes an SFT of conversations that this engine loads, with its curves, cut off and resumed", async () => {
    const [folder, into] = await folders("sft");
    const template = path.join(home, "template.jinja");
    const written =
      "{% for m in messages %}{{ m.content }} {% endfor %}{% if add_generation_prompt %}{% else %}{{ eos_token }}{% endif %}";
    await fs.writeFile(template, written);
    const stage = sftStage(template);
    const job = await prepared(stage, folder);
    assert.deepEqual([job.totalSteps, job.cards, job.entrypointCards, job.resumes], [7, 1, 1, false]);
    assert.equal((await play(job, { SALSA_PLAY_FAIL_AT: "5" })).code, 1);
    const again = await prepared(stage, folder);
    assert.equal(again.resumes, true);
    const { code, stdout, stderr } = await play(again);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Loaded the checkpoint: .*, step 4/);
    const { steps, first } = await logged("sft", folder, job.totalSteps);
    assert.deepEqual(steps, [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(Object.keys(first).sort(), ["sft/gradNorm", "sft/learningRate", "sft/loss"]);
    const { kept } = await collectTrained({ by, stage, folder, into });
    assert.deepEqual(kept, ["global_step2_hf", "global_step4_hf", "global_step6_hf"]);
    assert.equal(await fs.readFile(path.join(into, "chat_template.jinja"), "utf8"), written);
    const [trained, base] = await Promise.all([loadModel(into), loadModel(made("base").folder)]);
    assert.deepEqual([...trained.weights.keys()], [...base.weights.keys()]);
  });

  it("counts the whole steps of each pass over the examples", async () => {
    const [folder] = await folders("passes");
    const template = path.join(home, "template.jinja");
    const stage = sftStage(template);
    assert.ok(stage.kind === "sft");
    const { slice } = stage;
    const passes = { ...slice, sft: { ...slice.sft, batchSize: 5, gradientAccumulation: 1, duration: { epochs: 3 } } };
    const { totalSteps } = await prepared({ ...stage, slice: passes }, folder);
    const examples = (await fs.readFile(path.join(folder, "data.jsonl"), "utf8")).trim().split("\n").length;
    // OpenRLHF would make a step of what two passes leave.
    assert.ok(examples % 5 > 1, String(examples));
    assert.equal(totalSteps, 3 * Math.floor(examples / 5));
  });

  it("holds PPO to the soup by its flag, and is read as a training of our own", async () => {
    const [folder, into] = await folders("salsa");
    const stage = ppoStage();
    const job = await prepared(stage, folder);
    assert.deepEqual([job.totalSteps, job.cards, job.entrypointCards], [3, 3, 0]);
    const { code, stdout, stderr } = await play(job);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      [...stdout.matchAll(/^\((\S+)\) model at (.*)$/gm)].map(([, flag, at]) => [flag, at]),
      [
        ["actor.model_name_or_path", made("sft-1").folder],
        ["ref.model_name_or_path", made("soup").folder],
        ["critic.model_name_or_path", made("sft-1").folder],
      ],
    );
    const order = JSON.parse(await fs.readFile(path.join(folder, "job.json"), "utf8")) as { readonly reward?: string };
    assert.equal(order.reward, made("reward").folder);
    const { steps, first, samples } = await logged("rlhf", folder, job.totalSteps);
    assert.deepEqual(steps, [1, 2, 3]);
    const known = new Set<string>(METRICS.map(({ name }) => name));
    const own = Object.keys(first).filter((name) => !known.has(name));
    assert.ok(
      own.every((name) => name.startsWith("train/")),
      own.join(),
    );
    // A mean over tokens is no penalty of a response.
    assert.ok(own.includes("train/kl") && !("objective/kl" in first));
    for (const name of ["objective/score", "objective/beta", "loss/value", "policy/policyKl", "policy/clipFraction"])
      assert.ok(name in first, name);
    assert.equal(first["rollout/eosRate"], 0.75);
    assert.match(String(samples[2]?.["response"]), /an answer of step 3$/);
    assert.equal(samples[2]?.["score"], 0.3127);
    const { kept } = await collectTrained({ by, stage, folder, into });
    assert.deepEqual(kept, ["global_step1_hf", "global_step2_hf", "global_step3_hf"]);
    assert.deepEqual(
      [...(await loadModel(into)).weights.keys()],
      [...(await loadModel(made("sft-1").folder)).weights.keys()],
    );
  });
});
