import { Fields } from "../fastchat/fields.ts";
import { FIVE_WAY } from "../judges/parseVerdict.ts";
import { type GameWinner, verdictOf } from "../judges/judge.ts";
import type { Comparison } from "../winRates.ts";

/** Arena-Hard's label of a game, by seat, as its judge gives it; null where there is none. */
export const ARENA_SCORES = ["A>>B", "A>B", "A=B", "B>A", "B>>A"] as const;
export type ArenaScore = (typeof ARENA_SCORES)[number];

/** A judgment of Arena-Hard: in the first game the baseline sits in seat A, in the second the model. */
export interface ArenaJudgment {
  readonly questionId: number | string;
  readonly model: string;
  readonly baseline: string;
  readonly judge: string;
  readonly scores: readonly [ArenaScore | null, ArenaScore | null];
  /** Replies of the judge. */
  readonly judgments: readonly [string, string];
  /** The prompt that the judge was shown. */
  readonly prompts: readonly [string, string];
}

/** The two forms of its files: until April 2025, and since. */
export type ArenaForm = "before" | "since";

/** Arena-Hard's baseline until April 2025, which its files did not name. */
export const OLD_BASELINE = "gpt-4-0314";

/** True if a record is one of Arena-Hard's judgments. */
export function isArenaJudgment(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "games") && Object.hasOwn(value, "model");
}

/** The form of a judgment. */
export function arenaFormOf(value: object): ArenaForm {
  return Object.hasOwn(value, "uid") ? "since" : "before";
}

/**
 * A judgment from its JSON value, in either form.
 * @throws {RecordError}
 */
export function readArenaJudgment(value: unknown): ArenaJudgment {
  const fields = new Fields("judgment", value);
  const form = arenaFormOf(fields.all());
  const games = fields.list("games");
  if (games.length !== 2) fields.refuse("games", "two games");
  const read = games.map((game) => (game === null ? NO_GAME : gameOf(game, form)));
  const [one = NO_GAME, two = NO_GAME] = read;
  return {
    questionId: fields.id(form === "since" ? "uid" : "question_id"),
    model: fields.text("model"),
    baseline: fields.has("baseline") ? fields.text("baseline") : OLD_BASELINE,
    judge: fields.text("judge"),
    scores: [one.score, two.score],
    judgments: [one.judgment, two.judgment],
    prompts: [one.prompt, two.prompt],
  };
}

/** The record of a judgment in a form. */
export function arenaRecord(judgment: ArenaJudgment, form: ArenaForm, category = "arena-hard-v0.1"): object {
  const { questionId, model, baseline, judge, scores, judgments, prompts } = judgment;
  if (form === "before") {
    const games = scores.map((score, at) => ({ user_prompt: prompts[at], judgment: judgments[at], score }));
    // A field that its tools pass over, where the baseline is not the one that they know.
    return { question_id: questionId, model, judge, games, ...(baseline !== OLD_BASELINE && { baseline }) };
  }
  const games = scores.map((score, at) => ({
    score,
    judgment: { answer: judgments[at] },
    prompt: [{ role: "user", content: prompts[at] }],
  }));
  return { uid: questionId, category, judge, model, baseline, games };
}

/** Arena-Hard's label of a reply: the last well-formed one; undefined for a reply that has none of the five. */
export function arenaScoreIn(reply: string): ArenaScore | undefined {
  const labels = [...reply.slice(-MOST_READ).matchAll(FIVE_WAY.pattern)].map(([, label = ""]) => normal(label));
  return labels.findLast((label) => label !== undefined);
}

/** Characters at a reply's end among which a label is looked for. */
const MOST_READ = 50_000;

/** The label of a game that was won without one. */
export function arenaScoreOf(winner: GameWinner, seatA: "a" | "b"): ArenaScore | null {
  if (winner === "error") return null;
  if (winner === "tie") return "A=B";
  return winner === seatA ? "A>B" : "B>A";
}

/** A comparison of the model with its baseline; the question is the cluster. */
export function arenaComparison({ questionId, scores: [one, two] }: ArenaJudgment): Comparison {
  const games = [winnerOf(one, "b"), winnerOf(two, "a")] as const;
  const { outcome } = verdictOf([{ winner: games[0] }, { winner: games[1] }]);
  return { prompt: String(questionId), outcome, games };
}

function winnerOf(score: ArenaScore | null, seatA: "a" | "b"): GameWinner {
  if (score === null) return "error";
  if (score === "A=B") return "tie";
  const seatB = seatA === "a" ? "b" : "a";
  return score.startsWith("A") ? seatA : seatB;
}

interface ArenaGame {
  readonly score: ArenaScore | null;
  readonly judgment: string;
  readonly prompt: string;
}

const NO_GAME: ArenaGame = { score: null, judgment: "", prompt: "" };

function gameOf(value: unknown, form: ArenaForm): ArenaGame {
  const fields = new Fields("game", value);
  const label = fields.has("score") ? fields.text("score") : "";
  // Until April 2025 any other label was no verdict.
  const score = form === "before" ? ARENA_SCORES.find((one) => one === label) : normal(label);
  if (form === "before") {
    return { score: score ?? null, judgment: textIn(fields, "judgment"), prompt: textIn(fields, "user_prompt") };
  }
  const judgment = fields.has("judgment") ? new Fields("judgment", fields.value("judgment")) : undefined;
  const messages = fields.has("prompt") ? fields.list("prompt") : [];
  const last = messages.length === 0 ? undefined : new Fields("prompt", messages.at(-1));
  return {
    score: score ?? null,
    judgment: judgment === undefined ? "" : textIn(judgment, "answer"),
    prompt: last === undefined ? "" : textIn(last, "content"),
  };
}

function textIn(fields: Fields, field: string): string {
  return fields.isText(field) ? fields.text(field) : "";
}

/** One of the five labels, however it is turned: `B<A` is `A>B`. */
function normal(label: string): ArenaScore | undefined {
  const [, a = "", sign = "", b = ""] = /^([AB])(>>|>|=|<|<<)([AB])$/.exec(label.toUpperCase().trim()) ?? [];
  if (a === b) return undefined;
  if (sign === "=") return "A=B";
  const [winner, loser] = sign.startsWith(">") ? [a, b] : [b, a];
  return `${winner}${">".repeat(sign.length)}${loser}` as ArenaScore;
}
