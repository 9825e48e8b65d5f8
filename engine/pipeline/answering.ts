import type { Backend } from "../compute/backend.ts";
import type { SamplingConfig } from "../config/index.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import type { FrozenRole } from "../models/index.ts";
import { questionText, recordedTurns } from "../protocol/conversation.ts";
import type { Prompt } from "../storage/datasets.ts";
import type { BenchmarkAnswer } from "../storage/formats/answers.ts";
import { Random } from "../training/index.ts";
import { type EncodedPrompts, encodePrompts, shortenedMessage } from "./generation.ts";
import { KeptResponses } from "./keptResponses.ts";
import type { FrozenModel } from "./modelFolder.ts";
import { rewardingOf } from "./rewarding.ts";
import { ResponseSampler, type ScoredResponse } from "./responseSampler.ts";
import type { StageContext } from "./stage.ts";
import { type AnsweringSettings, type AskedTurn, askedTurn, passesOf } from "./turns.ts";

/** Models on the device. */
export interface AnsweringModels {
  readonly backend: Backend;
  readonly model: Omit<FrozenModel, "weights">;
  readonly device: FrozenRole;
  readonly reward: Omit<FrozenModel, "weights">;
  readonly scorer: FrozenRole;
}

/** Questions, and how they are answered. */
export interface AnswerRequest extends Omit<AnsweringSettings, "otherwise"> {
  readonly name: string;
  readonly questions: readonly Prompt[];
  readonly seed: number;
  readonly sampling: SamplingConfig;
  readonly task: Task | undefined;
  /** True for test prompts. */
  readonly isTest: boolean;
  /** Where the questions stand, for messages. */
  readonly file: string;
}

/**
 * Answers to every question, turn by turn, from where an earlier attempt was cut off.
 * @throws {Stopped} after saving, when the context's signal is aborted.
 */
export async function answersByTurn(
  context: StageContext,
  models: AnsweringModels,
  asked: AnswerRequest,
): Promise<readonly (readonly BenchmarkAnswer[])[]> {
  const { model } = models;
  const { name, questions, seed, form, temperature, task, isTest } = asked;
  const { maxNewTokens, temperature: otherwise, ...sampling } = asked.sampling;
  const passes = passesOf(questions, { form, temperature, otherwise });
  const total = passes.reduce((sum, { rows }) => sum + rows.length, 0);
  const most = Math.min(maxNewTokens, task?.maxResponseLength ?? Infinity);
  const room = { format: model.format, maxPositions: model.config.maxPositions, maxNewTokens: most };
  const answered: BenchmarkAnswer[][] = questions.map(() => []);
  const kept = await KeptResponses.open({ context, total });
  for (const pass of passes) {
    const turns = pass.rows.map((row) => askedTurn(questions[row]!, textsOf(answered[row]), room));
    let at = 0;
    const take = (responses: readonly ScoredResponse[]): void => {
      for (const response of responses) {
        const row = pass.rows[at]!;
        answered[row]!.push(answerOf(response, questions[row]!, { turn: pass.turn, asked: turns[at]!, task, isTest }));
        at += 1;
      }
    };
    // One pass over plain prompts draws as it always has.
    const path = form === undefined ? [name] : [name, pass.turn, pass.temperature];
    const { responses, random } = kept.of(pass.rows.length, Random.of(seed, "answers", ...path));
    take(responses);
    if (at === pass.rows.length) continue;
    const cut = turns.filter(({ isCut }) => isCut).length;
    if (at === 0 && cut > 0)
      context.report({ kind: "note", message: `${cut} answers are cut where turn ${pass.turn} shows them` });
    const prompts = encodePrompts(
      turns.map(({ question }) => question),
      model,
      { maxNewTokens: most, from: asked.file },
    );
    const message = shortenedMessage(prompts, most);
    if (at === 0 && message !== undefined) context.report({ kind: "note", message });
    const settings = { turns, prompts, random, nBefore: at, ...sampling, temperature: pass.temperature };
    for await (const batch of sampled(models, settings)) {
      take(batch);
      await kept.add(batch, random);
    }
  }
  return answered;
}

const textsOf = (answers: readonly BenchmarkAnswer[] = []): readonly string[] => answers.map(({ text }) => text);

/** Responses to the rest of one pass, scored. */
async function* sampled(
  { backend, model, device, reward, scorer }: AnsweringModels,
  pass: Omit<SamplingConfig, "maxNewTokens"> & {
    readonly turns: readonly AskedTurn[];
    readonly prompts: EncodedPrompts;
    readonly random: Random;
    /** Prompts that were responded to before. */
    readonly nBefore: number;
  },
): AsyncGenerator<readonly ScoredResponse[], undefined> {
  const { turns, prompts, random, nBefore, ...sampling } = pass;
  const questions = turns.map(({ question }) => question);
  const rewarding = rewardingOf(reward, { format: model.format, questions });
  const sampler = new ResponseSampler(backend, { model, prompts, sampling, reward: { ...rewarding, role: scorer } });
  try {
    yield* sampler.sample(device, random, undefined, nBefore);
  } finally {
    sampler.release();
  }
}

interface AnsweredTurn {
  readonly turn: number;
  readonly asked: AskedTurn;
  readonly task: Task | undefined;
  /** True for a test prompt. */
  readonly isTest: boolean;
}

function answerOf(
  response: ScoredResponse,
  { prompt, category, reference, questionId, followUps, references }: Prompt,
  { turn, asked, task, isTest }: AnsweredTurn,
): BenchmarkAnswer {
  const question = questionText(asked.question);
  const right = references?.[turn - 1] ?? (turn === 1 ? reference : undefined);
  const said = followUps?.[turn - 2];
  return {
    prompt: 0, // its number, once all are there
    question,
    ...(questionId !== undefined && { questionId }),
    ...(followUps !== undefined && { turn }),
    ...(said === undefined ? recordedTurns(asked.question) : { said }),
    ...(category !== undefined && { category }),
    ...(right !== undefined && { reference: right }),
    ...response,
    ...(task !== undefined && goldOf(task, questionText(prompt), response, isTest)),
  };
}

/** The true score, where there is one: a test prompt need not be one of the task's. */
function goldOf(task: Task, prompt: string, response: ScoredResponse, isTest: boolean): { readonly gold?: number } {
  try {
    return { gold: task.gold(prompt, response) };
  } catch (error) {
    if (isTest && error instanceof RangeError) return {};
    throw error;
  }
}
