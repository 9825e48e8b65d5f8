import { join } from "node:path";
import { DeviceWeights } from "../../models/index.ts";
import type { RunConfig } from "../../config/index.ts";
import { readJsonl } from "../../storage/datasets.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { Random } from "../../training/index.ts";
import { benchmarkPrompts, taskOf, validationPrompts } from "../corpus.ts";
import { encodePrompts } from "../generation.ts";
import { loadModel } from "../modelFolder.ts";
import { ResponseSampler } from "../responseSampler.ts";
import { type Artifact, type Stage, type StageContext, Stopped } from "../step.ts";
import { jsonOf } from "../training.ts";

/** A model's answer to a benchmark's prompt, with what is thought of it. */
export interface Answer {
  /** Position in the benchmark, from 0. */
  readonly prompt: number;
  /** The prompt itself. */
  readonly question: string;
  readonly text: string;
  readonly ended: boolean;
  readonly nTokens: number;
  /** By the reward model. */
  readonly reward: number;
  /** By the task; absent where nobody knows. */
  readonly gold?: number;
}

/** File of the answers in the stage's folder. */
const ANSWERS_FILE = "answers.jsonl";
/** Name of the split that settings are chosen on. */
export const VALIDATION = "validation";

/**
 * Answers of a model to the prompts of a benchmark or of the validation split, scored.
 *
 * All models draw with the same random numbers for the same prompt: what two models would say alike they do say alike,
 * so comparisons have more ties and less noise than with draws of their own.
 */
export const answers: Stage<{
  readonly model: Artifact;
  readonly reward: Artifact;
  readonly benchmark: string;
  readonly data: string | null;
  readonly seed: number;
}> = {
  name: "answers",
  title: "Answers",
  version: 3,
  settings: ({ task, evaluation: { sampling, prompts, validationPrompts: validation } }) =>
    jsonOf({ task, sampling, prompts, validation }),
  async run(context, { model: from, reward, benchmark, seed }) {
    const { config, backend } = context;
    stopIfAsked(context);
    const { config: model, weights, tokenizer } = await loadModel(from.folder);
    const rewarding = await loadModel(reward.folder, ["score"]);
    const texts = await promptsOf(config, benchmark);
    const task = taskOf(config);
    const { maxNewTokens, ...sampling } = config.evaluation.sampling;
    const prompts = encodePrompts(
      texts,
      { config: model, tokenizer },
      {
        maxNewTokens: Math.min(maxNewTokens, task?.maxResponseLength ?? Infinity),
        from: promptsSource(config, benchmark),
      },
    );
    const sampler = new ResponseSampler(backend, {
      model: { config: model, tokenizer },
      prompts,
      sampling,
      reward: rewarding,
    });
    const device = DeviceWeights.upload(backend, weights);
    const lines: string[] = [];
    try {
      for await (const batch of sampler.sample(device, Random.of(seed, "answers", benchmark))) {
        for (const response of batch) {
          const prompt = lines.length;
          const gold = task === undefined ? {} : { gold: task.gold(texts[prompt]!, response) };
          const answer: Answer = { prompt, question: texts[prompt]!, ...response, ...gold };
          lines.push(JSON.stringify(answer));
        }
        context.report({ kind: "progress", stage: context.name, step: lines.length, total: texts.length });
        if (lines.length < texts.length) stopIfAsked(context);
      }
    } finally {
      device.release();
      sampler.release();
    }
    await atomicWrite(join(context.folder, ANSWERS_FILE), `${lines.join("\n")}\n`);
  },
};

function stopIfAsked({ signal, name }: StageContext): void {
  if (signal.aborted) throw new Stopped(`${name}: stopped; it starts over when the run goes on`);
}

/** Prompts by the name of a benchmark, or of the validation split. */
export async function promptsOf(config: RunConfig, benchmark: string): Promise<readonly string[]> {
  return benchmark === VALIDATION ? validationPrompts(config) : benchmarkPrompts(config, benchmark);
}

/** Where those prompts stand, for error messages. */
function promptsSource({ data }: RunConfig, benchmark: string): string {
  return (benchmark === VALIDATION ? data?.prompts : data?.benchmarks[benchmark]) ?? benchmark;
}

/** Reads what the stage wrote, in the order of the prompts. */
export async function readAnswers({ folder }: Artifact): Promise<readonly Answer[]> {
  const read: Answer[] = [];
  for await (const { fields } of readJsonl(join(folder, ANSWERS_FILE))) read.push(fields as unknown as Answer);
  return read;
}

/** What the run's judge goes by. */
export function judgedScore(config: RunConfig, { gold, reward }: Answer): number {
  return config.evaluation.judge === "gold" ? (gold ?? NaN) : reward;
}
