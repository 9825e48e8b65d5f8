import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type OpenRlhfSettings,
  type ProgramName,
  PROGRAMS,
  TABLE,
  argvOf,
  flagsOf,
} from "../../../../engine/cluster/openrlhf/flags.ts";
import { openRlhfRefusals } from "../../../../engine/cluster/openrlhf/refusals.ts";
import {
  type JobFacts,
  ppoSettingsOf,
  rewardSettingsOf,
  sftSettingsOf,
} from "../../../../engine/cluster/openrlhf/settings.ts";
import { type RunConfig, parseConfig } from "../../../../engine/config/index.ts";
import { PRESETS } from "../../../../engine/config/presets.ts";
import { TRAINED_KINDS, trainerSchema } from "../../../../engine/config/trainer.ts";
import { settingsOf } from "./settingsOf.ts";
import { type PythonWith, neededBy, pythonWithWheel, wheelSource } from "./wheel.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const EXAMPLES = ["miniinstruct/demo", "miniinstruct/comparison", "miniinstruct/claims", "miniinstruct/dpo"];
const REAL = ["smollm2/smollm2", "smollm2/claims"];

/** A command line of a config's stage, and the settings that it was made of. */
interface Made {
  readonly name: string;
  readonly program: ProgramName;
  readonly settings: OpenRlhfSettings;
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

/** A config without all that is refused by name. */
function trainable(config: RunConfig): RunConfig {
  const { model } = config;
  const arms = Object.entries(config.arms).filter(([, arm]) => arm.method === "ppo" && arm.reference.length === 1);
  const fixed = arms.map(([name, arm]) => [name, { ...arm, klController: "fixed" as const }] as const);
  const { lora: _lora, ...whole } = "checkpoint" in model ? model : { lora: undefined, ...model };
  const next = { ...config, model: whole, arms: Object.fromEntries(fixed) };
  assert.deepEqual(openRlhfRefusals(next, TRAINED_KINDS), []);
  return next;
}

function facts(name: string, cards: number): JobFacts {
  return {
    paths: {
      model: "/shared/artifacts/sft-1",
      data: `/shared/work/${name}/data.jsonl`,
      output: `/shared/work/${name}/model`,
      checkpoints: `/shared/work/${name}/checkpoints`,
      metrics: `/shared/work/${name}/tensorboard`,
    },
    place: { nodes: Math.ceil(cards / 8), cardsPerNode: Math.min(cards, 8), tensorParallel: 1, offload: cards > 8 },
    trainer: { ...trainerSchema.parse({}), microBatchSize: 2, savePolicies: cards > 1, saveCritic: cards > 1 },
    pace: { checkpointEvery: 50, metricsEvery: 10, gradientCheckpointing: cards > 1 },
    seed: 100_004,
    maxLength: 2048,
    areConversations: cards > 1,
    chatTemplate: cards > 1 ? "{% for m in messages %}{{ m.content }}\n{% endfor %}" : undefined,
    resumes: cards > 8,
  };
}

/** Command lines for every stage of a config, on one card, on eight, and on sixteen of two machines. */
function made(name: string, { sft, reward, arms }: RunConfig): readonly Made[] {
  const found: Made[] = [];
  for (const cards of [1, 8, 16]) {
    const add = (stage: string, stepSize: number, program: ProgramName, settings: () => OpenRlhfSettings): void => {
      if (stepSize % cards === 0) found.push({ name: `${name}: ${stage} on ${cards}`, program, settings: settings() });
    };
    const given = facts(name, cards);
    add("sft", sft.batchSize * sft.gradientAccumulation, "sft", () =>
      sftSettingsOf(sft, { ...given, learnsAllTurns: sft.learnedTurns === "all" }),
    );
    add("reward", reward.batchSize * reward.gradientAccumulation, "rm", () =>
      rewardSettingsOf(reward, { ...given, heldOutData: `/shared/work/${name}/heldOut.jsonl` }),
    );
    for (const [arm, { betas, ...settings }] of Object.entries(arms)) {
      const stepSize = settings.minibatchSize * settings.gradientAccumulation;
      // A list has candidates that differ by nothing else.
      for (const beta of betas.slice(0, 1))
        add(`${arm} with ${beta}`, stepSize, "ppo", () =>
          ppoSettingsOf(
            { ...settings, beta },
            { ...given, reward: "/shared/artifacts/reward-1", maxNewTokens: settings.maxNewTokens },
          ),
        );
    }
  }
  return found;
}

interface Parsed {
  readonly values?: Readonly<Record<string, unknown>>;
  readonly said?: string;
  readonly error?: string;
}

/** Gives command lines to OpenRLHF's own parsers. */
function parse(
  { program, env }: PythonWith,
  lines: readonly { readonly module: string; readonly argv: readonly string[] }[],
): readonly Parsed[] {
  const script = fileURLToPath(new URL("python/parse.py", import.meta.url));
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const { stdout, stderr, status } = spawnSync(program, [script], { env, input, encoding: "utf8", maxBuffer: 2 ** 28 });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Parsed);
}

/** Command lines that are wrong, and OpenRLHF's own words for it. */
const WRONG: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
  [["--prompt_max_len", "1024"], /unrecognized arguments: --prompt_max_len/],
  [["--algo.kl.estimator", "full"], /invalid choice: 'full'/],
  [
    ["--reward.model_name_or_path", "rm", "--rollout.batch_size", "4", "--vllm.num_engines", "8"],
    /number of sample batches/,
  ],
];

describe("command lines for OpenRLHF", () => {
  const all = configs().flatMap(([name, config]) => made(name, trainable(config)));
  let answers: readonly Parsed[] = [];
  before(function () {
    const python = neededBy(this, pythonWithWheel);
    const lines = all.map(({ program, settings }) => ({ module: PROGRAMS[program], argv: argvOf(program, settings) }));
    answers = parse(python, [...lines, ...WRONG.map(([argv]) => ({ module: PROGRAMS.ppo, argv }))]);
  });

  it("are accepted by its own parsers, for every preset and example, and read back as the same settings", () => {
    assert.ok(all.length > 60, String(all.length));
    for (const [at, { name, program, settings }] of all.entries()) {
      const { values = {}, error, said } = answers[at] ?? {};
      assert.equal(error, undefined, `${name}: ${error}`);
      // No warning, such as that a flag was set to another value.
      assert.doesNotMatch(said ?? "", /warning|recommend|set .* to/i, name);
      const back = settingsOf(program, values) as Readonly<Record<string, unknown>>;
      const given = Object.entries(settings);
      assert.deepEqual(
        given.map(([key]) => [key, back[key]]),
        given,
        name,
      );
      // Whatever else it reads as a setting of ours is one that is off.
      const others = Object.entries(back).filter(([key]) => !given.some(([other]) => other === key));
      assert.deepEqual(
        others.filter(([key, value]) => value !== false && !(key in DEFAULTS)),
        [],
        name,
      );
    }
  });

  it("are refused by its own parsers where they are wrong, so that the test above can fail", () => {
    for (const [at, [, says]] of WRONG.entries()) assert.match(answers[all.length + at]?.error ?? "", says);
  });

  it("stand on the source's lines that the table names", () => {
    for (const row of TABLE)
      for (const program of ["sft", "rm", "ppo"] as const) {
        const source = wheelSource(`${PROGRAMS[program].slice("openrlhf.".length).replaceAll(".", "/")}.py`);
        for (const [flag, line] of flagsOf(row, program)) {
          const bare = flag.replace(/^--(actor|critic)\./, "--{prefix}.");
          const text = source[line - 1] ?? "";
          assert.ok(
            text.includes(`"${flag}"`) || text.includes(`"${bare}"`),
            `${row.setting}: ${flag}: ${line}: ${text}`,
          );
        }
      }
  });

  it("read as written for people", () => {
    const config = trainable(configs().find(([name]) => name === "llama2-7b")?.[1] ?? assert.fail());
    const lines = made("llama2-7b", config)
      .filter(({ name }) => name.endsWith("on 8"))
      .map(
        ({ name, program, settings }) =>
          `${name}\npython3 -m ${PROGRAMS[program]}${flagged(argvOf(program, settings))}\n`,
      );
    const golden = fileURLToPath(new URL("llama2-7b.golden.txt", import.meta.url));
    if (!existsSync(golden) || process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, lines.join("\n"));
    assert.equal(lines.join("\n"), readFileSync(golden, "utf8"));
  });
});

describe("the table of OpenRLHF's flags", () => {
  it("refuses a setting that a program has no flag for, and a value that is none of ours", () => {
    assert.throws(() => argvOf("sft", { beta: 0.1 }), /train_sft has no flag for beta/);
    assert.throws(() => settingsOf("sft", { lr_scheduler: "polynomial" }), /no value of ours/);
    assert.throws(() => settingsOf("ppo", { "actor.adam.lr": 1, "critic.adam.lr": 2 }), /flags of learningRate differ/);
  });

  it("writes numbers in such a way that argparse takes none for a flag", () => {
    assert.deepEqual(argvOf("ppo", { scoreClip: 1e-7 }), ["--reward.clip_range", "-0.0000001", "0.0000001"]);
    assert.deepEqual(argvOf("ppo", { scoreClip: 0 }), ["--reward.clip_range", "-1000000", "1000000"]);
  });
});

/** Settings that are left out of some command lines, where OpenRLHF has a default of its own. */
const DEFAULTS = { inputTemplate: "read for conversations by nobody" };

/** One flag a line. */
function flagged(argv: readonly string[]): string {
  return argv.map((word) => (word.startsWith("--") ? ` \\\n  ${word}` : ` ${JSON.stringify(word)}`)).join("");
}
