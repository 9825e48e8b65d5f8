import * as z from "zod";
import type { Backend } from "../compute/backend.ts";
import { type RunConfig, type SamplingConfig, judgeModels, judgesWhileTraining } from "../config/index.ts";
import type { AnswerPair, Judge, Verdict } from "../evaluation/judges/judge.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import { winRate } from "../evaluation/winRates.ts";
import { type DeviceWeights, present } from "../models/index.ts";
import { type Question, asTurns, questionText } from "../protocol/conversation.ts";
import { ServerError } from "../serving/client/serverError.ts";
import { BudgetSpent } from "../serving/modelCalls.ts";
import { Random } from "../training/index.ts";
import type { EncodedPrompts } from "./generation.ts";
import { type JudgeChoice, chosenJudge, judgeChoice, judgedAnswer } from "./judging.ts";
import type { ModelDesk } from "./modelDesk.ts";
import { SilentJudge, judgedInTime } from "./patientJudging.ts";
import {
  type ResponseSamplerSettings,
  type ScoredResponse,
  ResponseSampler,
  scoredResponseSchema,
} from "./responseSampler.ts";

/** Milliseconds without a verdict after which a comparison is given up: training waits for it. */
const LONGEST_SILENCE_MS = 120_000;

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

/** The config's choice for an arm. Where its language models cannot be asked meanwhile, the run's scores stand in. */
export function watchSlice(config: RunConfig, name: string): WatchSlice {
  const { arms, evaluation, task } = config;
  const { evaluateEvery: every = 0, evaluatePrompts: prompts = 0 } = arms[name] ?? {};
  if (every === 0) return {};
  const isAble = judgeModels(config).length === 0 || judgesWhileTraining(config);
  const judge = isAble ? evaluation.judge : task === undefined ? "reward" : "gold";
  const { validationPrompts, sampling } = evaluation;
  return { watch: { every, prompts, validationPrompts, judge: judgeChoice({ ...evaluation, judge }), sampling } };
}

/** A panel's state in savepoints. */
export const panelStateSchema = z.object({
  /** The start's answers; absent before the policy was there as it starts. */
  start: z.exactOptional(z.array(scoredResponseSchema)),
  /** The policy's answers of the step that was saved, where a stop has cut their judging off. */
  open: z.exactOptional(z.array(scoredResponseSchema)),
});

export type PanelState = Readonly<z.output<typeof panelStateSchema>>;

/** A step's metrics; none where the comparison has no result. */
type PanelValues = Readonly<Record<string, number>>;

/** Tools for judges that ask language models, and a way to say what came in between. */
interface PanelTools {
  readonly models: ModelDesk | undefined;
  /** Text of the prompt file that the config names, if it does. */
  readonly promptText: string | undefined;
  readonly signal: AbortSignal;
  readonly note: (message: string) => void;
}

/** Everything that a comparison with the start takes. */
export interface WinRatePanelSettings extends Required<WatchSlice>, PanelTools {
  readonly model: ResponseSamplerSettings["model"];
  readonly questions: readonly Question[];
  /** Of the questions. */
  readonly prompts: EncodedPrompts;
  readonly reward: NonNullable<ResponseSamplerSettings["reward"]>;
  readonly task: Task | undefined;
  readonly seed: number;
}

/**
 * Compares a policy that learns with its start: both answer the same prompts of the validation split, with the same random
 * numbers, and the run's judge decides. The numbers are its own, so that training draws as it would without; nothing of it
 * is learned from or chosen by. Where the judge cannot decide, there is a gap: training goes on.
 *
 * Holds programs until released.
 */
export class WinRatePanel {
  private readonly settings: WinRatePanelSettings;
  private readonly sampler: ResponseSampler;
  private start: readonly ScoredResponse[] | undefined;
  private open: readonly ScoredResponse[] | undefined;

  /** With the state that an attempt before this one has left. */
  constructor(backend: Backend, settings: WinRatePanelSettings, { start, open }: PanelState = {}) {
    this.settings = settings;
    this.start = start;
    this.open = open;
    const { model, prompts, reward, watch } = settings;
    const { maxNewTokens: _, ...sampling } = watch.sampling;
    this.sampler = new ResponseSampler(backend, { model, prompts, sampling, reward });
  }

  /** For savepoints. */
  get state(): { readonly start?: readonly ScoredResponse[]; readonly open?: readonly ScoredResponse[] } {
    const { start, open } = this;
    return { ...(start && { start }), ...(open && { open }) };
  }

  /** Answers as the start; to be called before the first update, and not after a resume. */
  async begin(policy: DeviceWeights): Promise<void> {
    this.start ??= await this.answers(policy);
  }

  /** The policy's adjusted win rate against its start after a step, with its 95 % interval; nothing where it is not known. */
  async measure(policy: DeviceWeights, step: number): Promise<PanelValues> {
    return this.compared(await this.answers(policy), step);
  }

  /** Makes up for the comparison after the step that was saved, if a stop has cut it off. */
  async makeUp(step: number): Promise<PanelValues> {
    return this.open === undefined ? {} : this.compared(this.open, step);
  }

  release(): void {
    this.sampler.release();
  }

  private async compared(answers: readonly ScoredResponse[], step: number): Promise<PanelValues> {
    const { questions, signal, note } = this.settings;
    this.open = undefined;
    try {
      const verdicts = await this.verdicts(this.pairs(answers));
      const comparisons = verdicts.map(({ outcome }, at) => ({ prompt: questionText(questions[at]!), outcome }));
      const { n, adjusted, low, high } = winRate(comparisons);
      if (n > 0)
        return { "evaluation/winRate": adjusted, "evaluation/winRateLow": low, "evaluation/winRateHigh": high };
      note(`no win rate at step ${step}: the judge gave no verdict on any of ${verdicts.length} prompts`);
    } catch (error) {
      if (signal.aborted) {
        this.open = answers;
        note(`no win rate at step ${step}: its judging was stopped`);
      } else if (isJudgesFault(error)) note(`no win rate at step ${step}: ${error.message}`);
      else throw error;
    }
    return {};
  }

  private pairs(answers: readonly ScoredResponse[]): readonly AnswerPair[] {
    const { questions, task } = this.settings;
    const start = this.start ?? [];
    const judged = (answer: ScoredResponse | undefined, question: string): ReturnType<typeof judgedAnswer> => {
      if (answer === undefined) throw new RangeError("win-rate panel: the start has not answered");
      const gold = task?.gold(question, answer);
      return judgedAnswer({ prompt: 0, question, ...answer, ...(gold !== undefined && { gold }) });
    };
    return answers.map((answer, at) => ({
      question: { id: String(at), prompt: asTurns(questions[at]!) },
      a: judged(answer, questionText(questions[at]!)),
      b: judged(start[at], questionText(questions[at]!)),
    }));
  }

  private async verdicts(pairs: readonly AnswerPair[]): Promise<readonly Verdict[]> {
    const { watch, models, promptText, signal } = this.settings;
    const judgeOf = (ends: AbortSignal): Judge =>
      chosenJudge(watch.judge, models && { model: (address) => models.model(address, ends), promptText });
    return judgedInTime(pairs, judgeOf, { signal, longestSilenceMs: LONGEST_SILENCE_MS });
  }

  private async answers(policy: DeviceWeights): Promise<readonly ScoredResponse[]> {
    const all = await this.sampler.sampleAll(present(policy), Random.of(this.settings.seed, "watch"));
    return all.map(({ text, ended, nTokens, reward }) => ({ text, ended, nTokens, reward }));
  }
}

function isJudgesFault(error: unknown): error is Error {
  return error instanceof ServerError || error instanceof BudgetSpent || error instanceof SilentJudge;
}
