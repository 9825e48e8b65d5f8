import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TrainerName } from "../../../../engine/cluster/declaredTrainers.ts";
import { MOLT_FLAGS } from "../../../../engine/cluster/molt/flags.ts";
import { OPENRLHF_FLAGS } from "../../../../engine/cluster/openrlhf/flags.ts";
import { type FlagTable, argvOf, flagsOf } from "../../../../engine/cluster/trainer/flagTable.ts";
import type { JobFacts, TrainingRequest } from "../../../../engine/cluster/trainer/request.ts";
import type { Trainer } from "../../../../engine/cluster/trainer/trainer.ts";
import { TRAINERS } from "../../../../engine/cluster/trainers.ts";
import { type RunConfig, parseConfig } from "../../../../engine/config/index.ts";
import { PRESETS } from "../../../../engine/config/presets.ts";
import { trainerSchema } from "../../../../engine/config/trainer.ts";
import { settingsOf } from "./settingsOf.ts";
import { type PythonWith, neededBy, pythonWithWheel, wheelSource } from "./wheel.ts";

const TABLES: Readonly<Record<TrainerName, FlagTable<string>>> = { openrlhf: OPENRLHF_FLAGS, molt: MOLT_FLAGS };
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const EXAMPLES = ["miniinstruct/demo", "miniinstruct/comparison", "miniinstruct/claims", "miniinstruct/dpo"];
const REAL = ["smollm2/smollm2", "smollm2/claims"];

/** A command line of a config's stage. */
interface Made {
  readonly name: string;
  readonly module: string;
  readonly argv: readonly string[];
}

/** Every preset and every example; presets lack the parts that only their user knows. */
function configs(): readonly (readonly [name: string, config: RunConfig])[] {
  const presets = PRESETS.map(({ name, config }) => {
    const data = { sft: "sft.jsonl", preferences: "pairs.jsonl", prompts: "prompts.jsonl" };
    const own = "task" in config ? {} : { data, model: { checkpoint: "base" } };
    return [name, JSON.stringify({ preset: name, ...own })] as const;
  });
  const examples = [...EXAMPLES, ...REAL].map(
    (name) => [name, readFileSync(join(ROOT, "examples", `${name}.salsa.json`), "utf8")] as const,
  );
  return [...presets, ...examples].map(
    ([name, text]) => [name, parseConfig(text, `/w/${name.replace("/", "-")}.salsa.json`)] as const,
  );
}

/** A config without all that a trainer refuses by name. */
function trainable(trainer: Trainer, config: RunConfig): RunConfig {
  const { model } = config;
  const arms = Object.entries(config.arms).filter(([, arm]) => arm.method === "ppo" && arm.reference.length === 1);
  const fixed = arms.map(([name, arm]) => [name, { ...arm, klController: "fixed" as const }] as const);
  const { lora: _lora, ...whole } = "checkpoint" in model ? model : { lora: undefined, ...model };
  const next = { ...config, model: whole, arms: Object.fromEntries(fixed) };
  assert.deepEqual(trainer.refusals(next, trainer.kinds), []);
  return next;
}

function facts(name: string, cards: number, extra = 0): JobFacts {
  const nodes = Math.ceil(cards / 8);
  return {
    paths: {
      folder: `/shared/work/${name}`,
      model: "/shared/artifacts/sft-1",
      data: `/shared/work/${name}/data.jsonl`,
      output: `/shared/work/${name}/model`,
      checkpoints: `/shared/work/${name}/checkpoints`,
      metrics: `/shared/work/${name}/tensorboard`,
    },
    place: { nodes, cardsPerNode: cards / nodes + extra / nodes, tensorParallel: 1, offload: cards > 8 },
    trainer: { ...trainerSchema.parse({}), microBatchSize: 2, savePolicies: cards > 1, saveCritic: cards > 1 },
    pace: { checkpointEvery: 50, metricsEvery: 10, gradientCheckpointing: cards > 1 },
    seed: 100_004,
    maxLength: 2048,
    areConversations: cards > 1,
    chatTemplate: cards > 1 ? "{% for m in messages %}{{ m.content }}\n{% endfor %}" : undefined,
    resumes: cards > 8,
  };
}

/** Cards of PPO beside those that train, where sampling and scoring have their own. */
const APART = 2;

/** Command lines for every stage of a config, trained on one card, on eight, and on sixteen of two machines. */
function made(trainer: Trainer, name: string, { sft, reward, arms }: RunConfig): readonly Made[] {
  const found: Made[] = [];
  for (const cards of [1, 8, 16]) {
    const add = (stage: string, stepSize: number, request: TrainingRequest): void => {
      if (stepSize % cards !== 0 || !trainer.kinds.includes(request.kind)) return;
      found.push({ name: `${name}: ${stage} on ${cards}`, ...trainer.job(request).order });
    };
    const given = facts(name, cards);
    add("sft", sft.batchSize * sft.gradientAccumulation, {
      ...{ kind: "sft", settings: sft },
      facts: { ...given, learnsAllTurns: sft.learnedTurns === "all" },
    });
    add("reward", reward.batchSize * reward.gradientAccumulation, {
      ...{ kind: "reward", settings: reward },
      facts: { ...given, heldOutData: `/shared/work/${name}/heldOut.jsonl` },
    });
    for (const [arm, { betas, ...settings }] of Object.entries(arms)) {
      const stepSize = settings.minibatchSize * settings.gradientAccumulation;
      const models = { reference: "/shared/artifacts/soup", reward: "/shared/artifacts/reward-1" };
      const placed = facts(name, cards, trainer.memory.isApart ? APART : 0);
      // A list has candidates that differ by nothing else.
      for (const beta of betas.slice(0, 1))
        add(`${arm} with ${beta}`, stepSize, {
          ...{ kind: "rlhf", settings: { ...settings, beta } },
          facts: { ...placed, ...models, maxNewTokens: settings.maxNewTokens },
        });
    }
  }
  return found;
}

/** The name of a module among a table's programs. */
function programOf({ programs }: FlagTable<string>, module: string): string {
  return Object.keys(programs).find((name) => programs[name] === module) ?? assert.fail(module);
}

interface Parsed {
  readonly values?: Readonly<Record<string, unknown>>;
  readonly said?: string;
  readonly error?: string;
}

/** Gives command lines to a trainer's own parsers. */
function parse(
  { program, env }: PythonWith,
  name: string,
  lines: readonly Pick<Made, "module" | "argv">[],
): readonly Parsed[] {
  const script = fileURLToPath(new URL("python/parse.py", import.meta.url));
  const input = lines.map(({ module, argv }) => `${JSON.stringify({ module, argv })}\n`).join("");
  const { stdout, stderr, status } = spawnSync(program, [script, name], {
    env,
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Parsed);
}

/** Command lines of PPO that are wrong, and a trainer's own words for it. */
const WRONG: Readonly<Record<TrainerName, readonly (readonly [argv: readonly string[], says: RegExp])[]>> = {
  openrlhf: [
    [["--prompt_max_len", "1024"], /unrecognized arguments: --prompt_max_len/],
    [["--algo.kl.estimator", "full"], /invalid choice: 'full'/],
    [
      ["--reward.model_name_or_path", "rm", "--rollout.batch_size", "4", "--vllm.num_engines", "8"],
      /number of sample batches/,
    ],
  ],
  molt: [
    [["--reward.model_name_or_path", "rm"], /unrecognized arguments: --reward\.model_name_or_path/],
    [["--algo.kl.ref", "soup"], /invalid choice: 'soup'/],
    [["--actor.model_name_or_path", "sft", "--vllm.num_engines", "1"], /--train\.agent_path is required/],
  ],
};

for (const trainer of TRAINERS) {
  const { name, title } = trainer;
  const table = TABLES[name];
  describe(`command lines for ${title}`, () => {
    const all = configs().flatMap(([of, config]) => made(trainer, of, trainable(trainer, config)));
    let answers: readonly Parsed[] = [];
    before(function () {
      const python = neededBy(this, () => pythonWithWheel(name));
      const module = Object.values(table.programs).at(-1) ?? "";
      answers = parse(python, name, [...all, ...WRONG[name].map(([argv]) => ({ module, argv }))]);
    });

    it("are accepted by its own parsers, for every preset and example, and read back as the same settings", () => {
      assert.ok(all.length > 20 * trainer.kinds.length, String(all.length));
      for (const [at, { name: of, module, argv }] of all.entries()) {
        const { values = {}, error, said } = answers[at] ?? {};
        assert.equal(error, undefined, `${of}: ${error}`);
        // No word that a flag was set to another value; Molt always says that samples may be of an older policy.
        assert.doesNotMatch((said ?? "").replace(MAY_BE_OLD, ""), /warning|recommend|set .* to/i, of);
        const program = programOf(table, module);
        const back = Object.entries(settingsOf(table, program, values));
        const isGiven = (setting: string): boolean => {
          const row = table.rows.find((one) => one.setting === setting) ?? assert.fail(setting);
          return flagsOf(row, program).some((flag) => argv.includes(flag.name));
        };
        const given = Object.fromEntries(back.filter(([setting]) => isGiven(setting)));
        assert.deepEqual(argvOf(table, program, given), argv, of);
        // Whatever else it reads as a setting of ours is one that is off, or whose flag turns it off.
        const others = back.filter(([setting]) => !isGiven(setting));
        assert.deepEqual(
          others.filter(([key, value]) => value !== false && !(key in DEFAULTS)),
          [],
          of,
        );
      }
    });

    it("are refused by its own parsers where they are wrong, so that the test above can fail", () => {
      for (const [at, [, says]] of WRONG[name].entries()) assert.match(answers[all.length + at]?.error ?? "", says);
    });

    it("stand on the source's lines that the table names", () => {
      for (const row of table.rows)
        for (const [program, module] of Object.entries(table.programs)) {
          const own = `${module.replaceAll(".", "/")}.py`;
          for (const { name: flag, line, file } of flagsOf(row, program)) {
            const source = wheelSource(name, file === undefined ? own : join(own, "..", file));
            const text = source[line - 1] ?? "";
            const bare = flag.replace(/^--((actor|critic)\.)?/, "");
            const written = [`"${flag}"`, `"--{prefix}.${bare}"`, `f"{g}${bare}"`];
            assert.ok(
              written.some((form) => text.includes(form)),
              `${row.setting}: ${flag}: ${line}: ${text}`,
            );
          }
        }
    });

    it("read as written for people", () => {
      const config = trainable(trainer, configs().find(([of]) => of === "llama2-7b")?.[1] ?? assert.fail());
      const lines = made(trainer, "llama2-7b", config)
        .filter((one) => one.name.endsWith("on 8"))
        .map((one) => `${one.name}\npython3 -m ${one.module}${flagged(one.argv)}\n`);
      const golden = fileURLToPath(new URL(`../${name}/llama2-7b.golden.txt`, import.meta.url));
      if (!existsSync(golden) || process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, lines.join("\n"));
      assert.equal(lines.join("\n"), readFileSync(golden, "utf8"));
    });
  });
}

const MAY_BE_OLD = /\[Warning\] Rollout samples may be off-policy\. Set .*\n/;

describe("a table of flags", () => {
  it("refuses a setting that a program has no flag for, and a value that is none of ours", () => {
    assert.throws(() => argvOf(OPENRLHF_FLAGS, "sft", { beta: 0.1 }), /train_sft has no flag for beta/);
    assert.throws(() => settingsOf(OPENRLHF_FLAGS, "sft", { lr_scheduler: "polynomial" }), /no value of ours/);
    assert.throws(() => settingsOf(MOLT_FLAGS, "sft", { "fsdp.offload": "full" }), /no value of ours/);
    assert.throws(() => settingsOf(MOLT_FLAGS, "rl", { "actor.eps_clip_low_high": [0.1, 0.2] }), /no value of ours/);
    assert.throws(
      () => settingsOf(OPENRLHF_FLAGS, "ppo", { "actor.adam.lr": 1, "critic.adam.lr": 2 }),
      /flags of learningRate differ/,
    );
  });

  it("writes numbers in such a way that argparse takes none for a flag", () => {
    const bound = (scoreClip: number): readonly string[] => argvOf(OPENRLHF_FLAGS, "ppo", { scoreClip });
    assert.deepEqual(bound(1e-7), ["--reward.clip_range", "-0.0000001", "0.0000001"]);
    assert.deepEqual(bound(0), ["--reward.clip_range", "-1000000", "1000000"]);
  });
});

/** Settings that are left out of some command lines, where a trainer has a default of its own. */
const DEFAULTS = { inputTemplate: "read for conversations by nobody", learnsAllTurns: "on", whitenAdvantages: "on" };

/** One flag a line. */
function flagged(argv: readonly string[]): string {
  return argv.map((word) => (word.startsWith("--") ? ` \\\n  ${word}` : ` ${JSON.stringify(word)}`)).join("");
}
