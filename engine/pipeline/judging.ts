import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pairJudgment } from "../evaluation/fastchat/judgments.ts";
import { judgeKind, judgeSettings } from "../evaluation/judges/index.ts";
import type { AnswerPair, Judge, JudgedAnswer, Verdict } from "../evaluation/judges/judge.ts";
import { judgePairs } from "../evaluation/judging.ts";
import type { Comparison } from "../evaluation/winRates.ts";
import { atomicWrite, diskError } from "../storage/disk.ts";
import type { BenchmarkAnswer } from "../storage/formats/answers.ts";
import { COMPARISONS_FILE, JUDGMENTS_FILE } from "../storage/formats/comparisons.ts";
import { placeIn } from "../storage/places.ts";
import { readText } from "../storage/reading.ts";
import { GameLog } from "./gameLog.ts";
import { type Artifact, type StageContext, Stopped } from "./stage.ts";

/** Largest file of judgments, in bytes: JavaScript has no longer texts. */
const MOST_JUDGMENT_BYTES = 2 ** 29;

/** Two models' answers to the same prompts, and who judges them. */
export interface JudgingRequest {
  readonly judge: Judge;
  /** Its name in the judgments. */
  readonly judgeName: string;
  readonly ours: readonly BenchmarkAnswer[];
  readonly theirs: readonly BenchmarkAnswer[];
  readonly names: readonly [ours: string, theirs: string];
  readonly seed: number;
}

/** A judge of a config with its own settings: everything that its verdicts depend on. */
export interface JudgeChoice {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The judge that a config's `evaluation` names, with its settings in it. */
export function judgeChoice(evaluation: { readonly judge: string }): JudgeChoice {
  return { name: evaluation.judge, settings: judgeSettings(evaluation.judge, evaluation) };
}

/** Makes the judge that was chosen. */
export function chosenJudge({ name, settings }: JudgeChoice): Judge {
  return judgeKind(name).create(settings);
}

/**
 * Has every pair of answers judged and writes the judgments and comparisons. Games that took time are saved one by one,
 * and an attempt that follows continues after them.
 *
 * @throws {Stopped} when the run is to stop; games that are open then are played to their end.
 */
export async function judgeAnswers(
  context: Pick<StageContext, "name" | "folder" | "workspace" | "signal" | "report">,
  request: JudgingRequest,
): Promise<void> {
  const { name, folder, signal, report } = context;
  const pairs = pairsOf(request);
  const log = await GameLog.open(context.workspace);
  const goOn = (): void => {
    if (signal.aborted) throw new Stopped(`${name}: stopped; finished games are kept`);
  };
  let verdicts: readonly Verdict[];
  try {
    verdicts = await judgePairs(pairs, {
      judge: request.judge,
      played: log.games,
      onGame: (game, nPlayed) => {
        log.append(game);
        report({ kind: "progress", step: Math.floor(nPlayed / 2), total: pairs.length });
      },
      goOn,
      wait: (ms) => setTimeout(ms, undefined, { signal }).catch(goOn),
    });
  } finally {
    log.close();
  }
  await write(folder, request, verdicts);
  const values = costs(verdicts);
  if (Object.keys(values).length > 0) report({ kind: "metrics", step: pairs.length, values });
}

/** An answer as judges see it. */
export function judgedAnswer({ text, ended, nTokens, reward, gold }: BenchmarkAnswer): JudgedAnswer {
  return { text, ended, nTokens, scores: { reward, ...(gold !== undefined && { gold }) } };
}

function pairsOf({ ours, theirs, names }: JudgingRequest): readonly AnswerPair[] {
  return ours.map((answer, index) => {
    const other = theirs[index];
    const { prompt, question, category, reference } = answer;
    if (other?.prompt !== prompt) throw new RangeError(`judge: no answer of ${names[1]} to prompt ${prompt}`);
    return {
      question: {
        id: String(prompt),
        ...(category !== undefined && { category }),
        prompt: [{ role: "user", content: question }],
        ...(reference !== undefined && { reference }),
      },
      a: judgedAnswer(answer),
      b: judgedAnswer(other),
    };
  });
}

async function write(folder: string, request: JudgingRequest, verdicts: readonly Verdict[]): Promise<void> {
  const { judgeName, ours, theirs, names, seed } = request;
  const lines: string[] = [];
  const comparisons: string[] = [];
  for (const [index, verdict] of verdicts.entries()) {
    const [a, b] = [ours[index]!, theirs[index]!];
    const comparison: Comparison = {
      prompt: String(a.prompt),
      seed,
      outcome: verdict.outcome,
      games: [verdict.games[0].winner, verdict.games[1].winner],
      lengths: [a.nTokens, b.nTokens],
    };
    comparisons.push(JSON.stringify(comparison));
    const record = pairJudgment(verdict, {
      question_id: a.prompt,
      model_1: names[0],
      model_2: names[1],
      judge: [judgeName, "pair"],
      turn: 1,
      // Part of FastChat's format; artifacts know no clock, so that equal inputs give equal bytes.
      tstamp: 0,
    });
    lines.push(JSON.stringify(record));
  }
  await atomicWrite(join(folder, JUDGMENTS_FILE), `${lines.join("\n")}\n`);
  await atomicWrite(join(folder, COMPARISONS_FILE), `${comparisons.join("\n")}\n`);
}

/** Costs and losses of judging, without those that are zero. */
function costs(verdicts: readonly Verdict[]): Readonly<Record<string, number>> {
  const games = verdicts.flatMap((verdict) => verdict.games);
  const total = (of: "promptTokens" | "completionTokens" | "price"): number =>
    games.reduce((sum, { cost }) => sum + (cost?.[of] ?? 0), 0);
  const values = {
    "judge/dropped": verdicts.filter(({ outcome }) => outcome === "dropped").length,
    "judge/promptTokens": total("promptTokens"),
    "judge/completionTokens": total("completionTokens"),
    "judge/price": total("price"),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value > 0));
}

/** The judgments as FastChat's tools read them, one JSON object per line. */
export async function judgmentLines({ folder }: Artifact): Promise<string> {
  const place = placeIn(folder, JUDGMENTS_FILE);
  const text = await readText(place, MOST_JUDGMENT_BYTES);
  if (text === undefined) throw diskError("read", place.file, "ENOENT");
  return text;
}
