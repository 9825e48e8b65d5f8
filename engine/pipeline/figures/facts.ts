import { dirname, join } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import type { StageState } from "../../protocol/runState.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { entryAt, placeIn } from "../../storage/places.ts";
import { readAnswers } from "../../storage/formats/answers.ts";
import { type FigurePoint, readFigurePoints } from "../../storage/formats/figurePoints.ts";
import { type RunFacts, readFacts } from "../report/facts.ts";
import { repetition } from "./repetition.ts";
import { type ArmRole, rolesOf } from "./roles.ts";

/** Facts about a model's answers that figures need, one entry an answer. */
export interface AnswerNumbers {
  /** By the reward model; without those that were not finite. */
  readonly rewards: readonly number[];
  readonly lengths: readonly number[];
  readonly repetitions: readonly number[];
}

/** Everything that figures are drawn from. */
export interface FigureFacts extends RunFacts {
  readonly roles: readonly ArmRole[];
  /** Measured by earlier commands, in their order. */
  readonly points: readonly FigurePoint[];
  /** Numbers of the answers of a stage; undefined where its artifact is gone. Each is read once. */
  answers(stage: Pick<StageState, "key">): Promise<AnswerNumbers | undefined>;
}

/**
 * Reads what figures of a run are drawn from, whatever state the run is in.
 * @throws {DataError} when there is no run in the folder, or its content cannot be read.
 */
export async function readFigureFacts(folder: string, known?: RunFacts): Promise<FigureFacts> {
  const facts = known ?? (await readFacts(folder));
  const root = dirname(dirname(folder));
  const read = new Map<string, Promise<AnswerNumbers | undefined>>();
  const config = whole(facts.config);
  return {
    ...facts,
    config,
    roles: rolesOf(config, facts.palette),
    points: await readFigurePoints(folder),
    answers: ({ key }) => {
      const answers = read.get(key) ?? numbersOf(join(root, "artifacts", key), key);
      read.set(key, answers);
      return answers;
    },
  };
}

async function numbersOf(folder: string, key: string): Promise<AnswerNumbers | undefined> {
  if (!isArtifactKey(key) || !((await entryAt(placeIn(folder)))?.isDirectory() === true)) return undefined;
  const answers = await readAnswers(folder);
  return {
    rewards: answers.map(({ reward }) => reward).filter(Number.isFinite),
    lengths: answers.map(({ nTokens }) => nTokens),
    repetitions: answers.map(({ text }) => repetition(text)),
  };
}

/** A run's config may be from another version, or from anybody: what figures rely on is there from here on. */
function whole(config: RunConfig): RunConfig {
  const { soups = {}, sft, evaluation, arms } = config as Partial<RunConfig>;
  const known = Object.entries(arms ?? {}).map(([name, arm]) => {
    const { init, batchSize } = arm as Partial<typeof arm>;
    return [
      name,
      { ...arm, init: typeof init === "string" ? init : "", batchSize: typeof batchSize === "number" ? batchSize : 0 },
    ] as const;
  });
  return {
    ...config,
    soups,
    arms: Object.fromEntries(known),
    sft: { ...sft, seeds: sft?.seeds ?? [] } as RunConfig["sft"],
    evaluation: { ...evaluation, benchmarks: evaluation?.benchmarks ?? [] } as RunConfig["evaluation"],
  };
}
