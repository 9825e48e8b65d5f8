import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { molt } from "../../../../engine/cluster/molt/index.ts";
import type { TrainerJob } from "../../../../engine/cluster/trainer/job.ts";
import type { TrainingRequest } from "../../../../engine/cluster/trainer/request.ts";
import { parseConfig } from "../../../../engine/config/index.ts";
import { trainerSchema } from "../../../../engine/config/trainer.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type PythonWith, neededBy, pythonWithWheel } from "../trainer/wheel.ts";

const CONFIG = JSON.stringify({
  preset: "llama2-7b",
  data: { sft: "s.jsonl", preferences: "p.jsonl", prompts: "q.jsonl" },
  model: { checkpoint: "base" },
  rlhf: { klController: "fixed" },
});
const {
  arms: { salsa = assert.fail() },
} = parseConfig(CONFIG, "/w/large.salsa.json");

/** PPO on two cards that train, one that samples and one that scores. */
function jobOf(folder: string, changes: { readonly critic?: "separate"; readonly beta?: number } = {}): TrainerJob {
  const request: TrainingRequest = {
    kind: "rlhf",
    settings: { ...salsa, beta: 0.01, ...changes },
    facts: {
      paths: {
        ...{ folder, model: "/m/sft-1", data: "/w/data.jsonl", output: "/w/model" },
        ...{ checkpoints: "/w/checkpoints", metrics: "/w/tensorboard" },
      },
      place: { nodes: 1, cardsPerNode: 4, tensorParallel: 1, offload: false },
      trainer: trainerSchema.parse({}),
      pace: { checkpointEvery: 10, metricsEvery: 1, gradientCheckpointing: true },
      ...{ seed: 1, maxLength: 2048, areConversations: true, resumes: false },
      ...{ reference: "/m/soup", reward: "/m/rm", maxNewTokens: 1024 },
    },
  };
  return molt.job(request);
}

/** Writes a job's files into a folder. */
async function write(folder: string, { files, order }: TrainerJob): Promise<void> {
  for (const [name, text] of Object.entries(files)) await fs.writeFile(path.join(folder, name), text);
  await fs.writeFile(path.join(folder, "job.json"), JSON.stringify(order));
}

function run(
  { program, env }: PythonWith,
  script: string,
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(program, [file, ...args], { env }, (_error, stdout, stderr) =>
      resolve({ status: child.exitCode, stdout, stderr }),
    );
  });
}

describe("PPO by Molt", () => {
  let python: PythonWith;
  before(function () {
    python = neededBy(this, () => pythonWithWheel("molt"));
  });

  /** Models that Molt's own code loads, by the actor. */
  const recorded = (changes: Parameters<typeof jobOf>[1]): Promise<unknown> =>
    inTemporaryFolder(async (folder) => {
      const job = jobOf(folder, changes);
      await write(folder, job);
      const args = [path.join(folder, job.program), path.join(folder, "job.json")];
      const { status, stdout, stderr } = await run(python, "record.py", args);
      assert.equal(status, 0, stderr);
      return JSON.parse(/^LOADED (.*)$/m.exec(stdout)?.[1] ?? "null") as unknown;
    });
  const ends = [
    ["RLTrainer", "fit"],
    ["PolicyModelActor", "export_hf_model"],
    ["PolicyModelActor", "export_hf_model"],
  ];

  it("puts the soup into the reference by its own flag, and nowhere else", async () => {
    assert.deepEqual(await recorded({}), {
      loaded: [
        ["CriticModelActor", "/m/sft-1"],
        ["PolicyModelActor", "/m/sft-1"],
        ["ReferenceModelActor", "/m/soup"],
        ["vLLM", "/m/sft-1"],
      ],
      ends,
    });
  });

  it("has a critic of its own start as the reward model", async () => {
    assert.deepEqual(await recorded({ critic: "separate" }), {
      loaded: [
        ["CriticModelActor", "/m/rm"],
        ["PolicyModelActor", "/m/sft-1"],
        ["ReferenceModelActor", "/m/soup"],
        ["vLLM", "/m/sft-1"],
      ],
      ends,
    });
  });

  it("loads no reference at β 0, which is refused for that", async () => {
    const { loaded } = (await recorded({ beta: 0 })) as { readonly loaded: readonly (readonly [string, string])[] };
    assert.ok(loaded.every(([, model]) => model !== "/m/soup"));
  });

  it("is given scores of the very tokens that were sampled, by one actor with a card", async () => {
    await inTemporaryFolder(async (folder) => {
      await write(folder, jobOf(folder));
      const { status, stdout, stderr } = await run(python, "rollout.py", [
        ...[path.join(folder, "salsa_scores.py"), "say it", "no"],
      ]);
      assert.equal(status, 0, stderr);
      const ids = (text: string): readonly number[] => [...Buffer.from(text)];
      assert.deepEqual(JSON.parse(stdout), {
        rollouts: [
          [ids("say ityes."), [[6, 10]], 5, 5, false],
          [ids("non"), [[2, 3]], 1.5, 1.5, true],
        ],
        asked: [
          ["/m/rm", ids("say ityes.")],
          ["/m/rm", ids("non")],
        ],
        // Once, not at every rollout.
        made: [{ num_gpus: 1, num_cpus: 1 }, ["Scorer", { name: "salsa-scorer", get_if_exists: true }]],
      });
    });
  });

  it("ends where a rollout cannot be scored, instead of going on without it", async () => {
    await inTemporaryFolder(async (folder) => {
      await write(folder, jobOf(folder));
      const { status, stderr } = await run(python, "rollout.py", [path.join(folder, "salsa_scores.py"), "say it!"]);
      assert.equal(status, 3);
      assert.match(stderr, /^salsa: the reward model cannot score: CUDA out of memory$/m);
    });
  });

  it("runs with the release alone that its table was made for", async () => {
    await inTemporaryFolder(async (folder) => {
      const job = jobOf(folder);
      await write(folder, { ...job, order: { ...job.order, release: "0.3.0" } });
      const args = [path.join(folder, job.program), path.join(folder, "job.json")];
      const { status, stdout, stderr } = await run(python, "record.py", args);
      assert.equal(status, 3);
      assert.match(stderr, /salsa: Molt 0\.2\.1 is installed here, and SALSA's tables are made for 0\.3\.0/);
      assert.match(stdout, /"loaded": \[\]/);
    });
  });
});
