import type { GameProblem } from "../../protocol/gameProblems.ts";
import { ERROR_TEXT, type Grade, JudgeError, type Ruling, type SeatWinner } from "./judge.ts";
import type { JudgeReply } from "./judgeModel.ts";
import { type ReadVerdict, TIE_DELTA, parseVerdict } from "./parseVerdict.ts";
import type { JudgePrompt, pairPrompt, singlePrompt } from "./prompts.ts";

/** One opinion on a game. */
export interface GameVote {
  readonly winner: SeatWinner;
  readonly problem?: GameProblem;
  readonly userPrompt: string;
  readonly judgment: string;
  readonly replies: readonly JudgeReply[];
  /** Of the first answer and of the second. */
  readonly graded?: readonly Graded[];
}

/** The opinion in a reply about both answers. */
export function pairVote(prompt: JudgePrompt, shown: ReturnType<typeof pairPrompt>, reply: JudgeReply): GameVote {
  const { verdict, problem } = verdictOf(prompt, reply);
  return {
    winner: typeof verdict === "string" ? verdict : "error",
    ...(problem !== undefined && { problem }),
    ...{ userPrompt: shown.at(-1)?.content ?? "", judgment: reply.text, replies: [reply] },
  };
}

/** One opinion on one answer. */
interface Graded extends Pick<GameVote, "problem" | "userPrompt" | "judgment" | "replies"> {
  readonly score?: number;
}

/** Asks for a grade. One that the server refuses for good is missing, and leaves the other answer its own. */
export async function grading(
  prompt: JudgePrompt,
  shown: ReturnType<typeof singlePrompt>,
  ask: () => Promise<JudgeReply>,
): Promise<Graded> {
  const userPrompt = shown.at(-1)?.content ?? "";
  try {
    const reply = await ask();
    const { verdict, problem } = verdictOf(prompt, reply);
    return {
      ...(typeof verdict === "number" && { score: verdict }),
      ...(problem !== undefined && { problem }),
      ...{ userPrompt, judgment: reply.text, replies: [reply] },
    };
  } catch (error) {
    if (!(error instanceof JudgeError) || error.isRetryable) throw error;
    return { problem: "failed", userPrompt, judgment: `${ERROR_TEXT} ${error.message}`, replies: [] };
  }
}

/** The opinion in two grades: the higher one wins. */
export function gradedVote(graded: readonly Graded[]): GameVote {
  const [first, second] = graded.map(({ score }) => score);
  const problem = graded.find((one) => one.problem !== undefined)?.problem;
  return {
    winner: winnerByGrade(first, second),
    ...(problem !== undefined && { problem }),
    userPrompt: graded.map((one) => one.userPrompt).join(BETWEEN),
    judgment: graded.map(({ judgment }) => judgment).join(BETWEEN),
    replies: graded.flatMap(({ replies }) => replies),
    graded,
  };
}

/** Grades of both answers: of several samples the median of those that gave one. */
export function gradesOf(votes: readonly GameVote[], judge: Grade["judge"]): Pick<Ruling, "grades"> {
  const grades = (["first", "second"] as const).flatMap((answer, at) => {
    const of = votes.flatMap(({ graded }) => graded?.[at] ?? []);
    const scores = of.flatMap(({ score = [] }) => score);
    const [one] = of;
    if (one === undefined) return [];
    const judgment = of.map((each) => each.judgment).join(BETWEEN);
    const score = scores.length > 0 && { score: median(scores) };
    return [{ answer, judge, ...score, userPrompt: one.userPrompt, judgment }];
  });
  return grades.length === 0 ? {} : { grades };
}

/** Of at least one number. */
function median(xs: readonly number[]): number {
  const sorted = xs.toSorted((a, b) => a - b);
  const [low = NaN, high = NaN] = [sorted[Math.floor((xs.length - 1) / 2)], sorted[Math.floor(xs.length / 2)]];
  return (low + high) / 2;
}

/** Between the texts of several replies. */
const BETWEEN = "\n\n----\n\n";

function winnerByGrade(first: number | undefined, second: number | undefined): SeatWinner {
  if (first === undefined || second === undefined) return "error";
  if (Math.abs(first - second) < TIE_DELTA) return "tie";
  return first > second ? "first" : "second";
}

interface JudgedVerdict {
  readonly verdict: ReadVerdict<SeatWinner | number>["verdict"];
  readonly problem?: GameProblem;
}

function verdictOf({ form }: JudgePrompt, { text, end }: JudgeReply): JudgedVerdict {
  // A reply that was cut off may have named a verdict that it was about to weigh.
  if (end === "length") return { verdict: undefined, problem: "cutOff" };
  const { verdict, isDouble, isOutOfRange } = parseVerdict(text, form);
  if (isOutOfRange) return { verdict, problem: "outOfRange" };
  if (verdict !== undefined) return { verdict, ...(isDouble && { problem: "double" as const }) };
  return { verdict, problem: end === "refused" || isRefusal(text) ? "refused" : "malformed" };
}

/** Models that refuse say so at once. */
function isRefusal(text: string): boolean {
  return /^\W{0,5}(?:I['’]m sorry|Sorry|I (?:cannot|can['’]t|won['’]t|am unable)|As an AI)/i.test(text);
}

/** The side with most votes; a tie where none has. Without a single verdict it is an error. */
export function ruledBy(votes: readonly GameVote[]): Ruling {
  const counts = { first: 0, second: 0, tie: 0, error: 0 };
  for (const { winner } of votes) counts[winner] += 1;
  const { first, second, tie, error } = counts;
  const replies = votes.flatMap((vote) => vote.replies);
  const problem = votes.find((vote) => vote.problem !== undefined && (vote.winner === "error" || error === 0))?.problem;
  const sum = (of: "promptTokens" | "completionTokens" | "price"): number =>
    replies.reduce((total, reply) => total + (reply[of] ?? 0), 0);
  const [model] = new Set(replies.flatMap((reply) => reply.model ?? []));
  return {
    winner: error === votes.length ? "error" : majority(first, second, tie),
    ...(problem !== undefined && (problem === "double" || error > 0) && { problem }),
    userPrompt: votes[0]?.userPrompt ?? "",
    judgment: votes.map(({ judgment }) => judgment).join(BETWEEN),
    cost: { promptTokens: sum("promptTokens"), completionTokens: sum("completionTokens"), price: sum("price") },
    ...(model !== undefined && { model }),
  };
}

function majority(first: number, second: number, tie: number): SeatWinner {
  if (first > second && first > tie) return "first";
  return second > first && second > tie ? "second" : "tie";
}
