import type { Task } from "../evaluation/tasks/task.ts";
import { referenceKl } from "../protocol/catalogue.ts";
import { hasDistributions } from "../protocol/distributions.ts";
import type { Metrics } from "../rl/alarms.ts";
import type { PpoIteration } from "../rl/ppoTrainer.ts";
import type { PromptFormat } from "../text/index.ts";
import type { PpoConfig } from "./armSettings.ts";
import { distributionMetrics } from "./distributions.ts";
import { type ResponseText, responseTexts } from "./generation.ts";
import type { Artifact, StageContext } from "./stage.ts";

/** Rollouts of an iteration that are kept for people to read. */
const SAMPLES_KEPT = 4;
/** Iterations between kept samples. */
const SAMPLES_EVERY = 5;
/** Prompts whose rollouts are kept whenever they are drawn, once an epoch: what a policy makes of one prompt over time. */
const PROMPTS_FOLLOWED = 4;

/** Everything that an iteration is recorded with. */
interface Recording {
  /** The prompts of its rollouts, as texts. */
  readonly texts: readonly string[];
  readonly task: Task | undefined;
  readonly arm: PpoConfig;
  readonly reference: readonly Artifact[];
  readonly format: PromptFormat;
}

/** Numbers of an iteration. */
interface Recorded {
  /** Those that alarms go by. */
  readonly watched: Metrics;
  /** These and all others. */
  readonly values: Metrics;
  /** Tokens of its rollouts. */
  readonly tokens: number;
}

/** Keeps some of an iteration's rollouts, and returns its numbers. */
export function recordIteration(
  context: Pick<StageContext, "sample">,
  iteration: PpoIteration,
  { texts, task, arm, reference, format }: Recording,
): Recorded {
  const responses = responseTexts(iteration.generation, format);
  const golds = goldScores(task, texts, responses);
  recordSamples(context, texts, iteration, { responses, golds, format });
  const watched = { ...iteration.metrics, ...goldMetrics(golds) };
  const spread = hasDistributions(iteration.iteration + 1, arm.iterations) ? distributionsOf(iteration, arm) : {};
  const values = { ...watched, ...referenceMetrics(reference, iteration), ...spread };
  return { watched, values, tokens: tokensOf(iteration) };
}

/** True quality of each rollout, where the task knows it: the measure that reveals reward hacking. */
function goldScores(
  task: Task | undefined,
  texts: readonly string[],
  responses: readonly ResponseText[],
): readonly number[] {
  if (task === undefined) return [];
  return texts.map((text, row) => task.gold(text, responses[row]!));
}

function goldMetrics(scores: readonly number[]): Metrics {
  if (scores.length === 0) return {};
  return { "objective/gold": scores.reduce((sum, score) => sum + score, 0) / scores.length };
}

function distributionsOf(
  { generation: { lengths }, kl, scores }: PpoIteration,
  { klKind }: Pick<PpoConfig, "klKind">,
): Metrics {
  // This estimate of a token's KL is its log-ratio.
  return distributionMetrics({ lengths, kl, scores, ...(klKind === "kl" && { logRatios: kl }) });
}

/** The KL to each of several references, by its name in the config. */
function referenceMetrics(references: readonly Artifact[], { referenceKls }: PpoIteration): Metrics {
  if (references.length < 2 || referenceKls.length < references.length) return {};
  const named = references.map(({ product }, at) => [referenceKl(product), referenceKls[at]!] as const);
  return Object.fromEntries(named);
}

/** Tokens of the iteration's rollouts, prompts and responses. */
function tokensOf({ generation: { queries, lengths } }: PpoIteration): number {
  let tokens = 0;
  for (const start of queries.starts) tokens += queries.queryLength - start;
  for (const length of lengths) tokens += length;
  return tokens;
}

/** Keeps some rollouts; `texts` are their prompts. */
function recordSamples(
  context: Pick<StageContext, "sample">,
  texts: readonly string[],
  { iteration, generation, prompts, scores, logprobs, kl, rewards, learned }: PpoIteration,
  {
    responses,
    golds,
    format,
  }: {
    readonly responses: readonly ResponseText[];
    readonly golds: readonly number[];
    readonly format: PromptFormat;
  },
): void {
  const nKept = iteration % SAMPLES_EVERY === 0 ? SAMPLES_KEPT : 0;
  const R = generation.responses.length / generation.queries.count;
  for (const [row, response] of responses.entries()) {
    if (row >= nKept && prompts[row]! >= PROMPTS_FOLLOWED) continue;
    const perToken = (x: ArrayLike<number>): number[] =>
      Array.from({ length: response.nTokens }, (_, t) => x[row * R + t] ?? 0);
    context.sample({
      step: iteration + 1,
      prompt: texts[row] ?? "",
      response: response.text,
      ended: response.ended,
      score: scores[row] ?? null,
      ...(golds[row] !== undefined && { gold: golds[row] }),
      tokens: perToken(generation.responses).map((id) => format.tokenizer.tokenOf(id) ?? ""),
      logprobs: perToken(logprobs),
      kl: perToken(kl),
      rewards: perToken(rewards),
      advantages: perToken(learned.advantages),
      values: perToken(learned.values),
    });
  }
}
