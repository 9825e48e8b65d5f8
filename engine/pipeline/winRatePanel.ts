import * as z from "zod";
import type { Backend } from "../compute/backend.ts";
import type { RunConfig, SamplingConfig } from "../config/index.ts";
import { judgeKind } from "../evaluation/judges/index.ts";
import { judgePairs } from "../evaluation/judging.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import { winRate } from "../evaluation/winRates.ts";
import type { DeviceWeights } from "../models/index.ts";
import { type Question, asTurns, questionText } from "../protocol/conversation.ts";
import { numberOrNaN } from "../storage/formats/records.ts";
import { Random } from "../training/index.ts";
import type { EncodedPrompts } from "./generation.ts";
import { type JudgeChoice, chosenJudge, judgeChoice, judgedAnswer } from "./judging.ts";
import { type ResponseSamplerSettings, ResponseSampler } from "./responseSampler.ts";

/** How often a policy is compared with its start while it learns, on what, and by whom; in a slice only where it is. */
export interface WatchSlice {
  readonly watch?: {
    /** Iterations between two comparisons. */
    readonly every: number;
    readonly prompts: number;
    /** Prompts of the validation split, of which those are the first. */
    readonly validationPrompts: number;
    readonly judge: JudgeChoice;
    readonly sampling: SamplingConfig;
  };
}

/** The config's choice for an arm. A judge that asks a language model is not asked here: the run's scores stand in. */
export function watchSlice({ arms, evaluation, task }: RunConfig, name: string): WatchSlice {
  const { evaluateEvery: every = 0, evaluatePrompts: prompts = 0 } = arms[name] ?? {};
  if (every === 0) return {};
  const isScore = judgeKind(evaluation.judge).needs.length > 0;
  const judge = isScore ? evaluation.judge : task === undefined ? "reward" : "gold";
  const { validationPrompts, sampling } = evaluation;
  return { watch: { every, prompts, validationPrompts, judge: judgeChoice({ ...evaluation, judge }), sampling } };
}

/** An answer of the start, as savepoints keep it. */
export const startAnswerSchema = z.object({
  text: z.string(),
  ended: z.boolean(),
  nTokens: z.int().min(0),
  reward: numberOrNaN,
});

export type StartAnswer = Readonly<z.output<typeof startAnswerSchema>>;

/** Everything that a comparison with the start takes. */
export interface WinRatePanelSettings extends Required<WatchSlice> {
  readonly model: ResponseSamplerSettings["model"];
  readonly questions: readonly Question[];
  /** Of the questions. */
  readonly prompts: EncodedPrompts;
  /** Its weights are on the device already. */
  readonly reward: NonNullable<ResponseSamplerSettings["reward"]>;
  readonly task: Task | undefined;
  readonly seed: number;
}

/**
 * Compares a policy that learns with its start: both answer the same prompts of the validation split, with the same random
 * numbers, and the run's score decides. The numbers are its own, so that training draws as it would without; nothing of it
 * is learned from or chosen by.
 *
 * Holds programs until released.
 */
export class WinRatePanel {
  private readonly settings: WinRatePanelSettings;
  private readonly sampler: ResponseSampler;
  private start: readonly StartAnswer[] | undefined;

  /** With the start's answers where an attempt before this one has them. */
  constructor(backend: Backend, settings: WinRatePanelSettings, start?: readonly StartAnswer[]) {
    this.settings = settings;
    this.start = start;
    const { model, prompts, reward, watch } = settings;
    const { maxNewTokens: _, ...sampling } = watch.sampling;
    this.sampler = new ResponseSampler(backend, { model, prompts, sampling, reward });
  }

  /** The start's answers, for savepoints; undefined before the policy was there as it starts. */
  get startAnswers(): readonly StartAnswer[] | undefined {
    return this.start;
  }

  /** Answers as the start; to be called before the first update, and not after a resume. */
  async begin(policy: DeviceWeights): Promise<void> {
    this.start ??= await this.answers(policy);
  }

  /** The policy's adjusted win rate against its start, with its 95 % interval. */
  async measure(policy: DeviceWeights): Promise<Readonly<Record<string, number>>> {
    const { questions, task, watch } = this.settings;
    const start = this.start ?? [];
    const judged = (answer: StartAnswer | undefined, question: string): ReturnType<typeof judgedAnswer> => {
      if (answer === undefined) throw new RangeError("win-rate panel: the start has not answered");
      const gold = task?.gold(question, answer);
      return judgedAnswer({ prompt: 0, question, ...answer, ...(gold !== undefined && { gold }) });
    };
    const texts = questions.map(questionText);
    const pairs = (await this.answers(policy)).map((answer, at) => ({
      question: { id: String(at), prompt: asTurns(questions[at]!) },
      a: judged(answer, texts[at]!),
      b: judged(start[at], texts[at]!),
    }));
    const verdicts = await judgePairs(pairs, {
      judge: chosenJudge(watch.judge),
      played: [],
      onGame: () => undefined,
      goOn: () => undefined,
      wait: () => Promise.resolve(),
    });
    const { adjusted, low, high } = winRate(verdicts.map(({ outcome }, at) => ({ prompt: texts[at]!, outcome })));
    return { "evaluation/winRate": adjusted, "evaluation/winRateLow": low, "evaluation/winRateHigh": high };
  }

  release(): void {
    this.sampler.release();
  }

  private async answers(policy: DeviceWeights): Promise<readonly StartAnswer[]> {
    const all = await this.sampler.sampleAll(policy, Random.of(this.settings.seed, "watch"));
    return all.map(({ text, ended, nTokens, reward }) => ({ text, ended, nTokens, reward }));
  }
}
