import type { ChatModel, ChatQuestion, ChatVote } from "../../engine/protocol/chatPanel.ts";

/** A vote between the answers of a chat. */
export interface VotedAnswers {
  readonly question: ChatQuestion;
  readonly models: readonly ChatModel[];
  /** By model. */
  readonly answers: readonly string[];
  readonly vote: ChatVote;
}

/**
 * Preferences that a vote states, as lines that `data.preferences` reads: the chosen answer against each of the others. A
 * tie prefers none, and equal or empty answers are nothing to choose between.
 */
export function preferenceLines({ question, models, answers, vote }: VotedAnswers): readonly string[] {
  if (vote === "tie") return [];
  const { prompt, system } = question;
  const asked = system === "" ? prompt : [turn("system", system), turn("user", prompt)];
  const chosen = answers[vote]?.trim() ?? "";
  const name = (index: number): string => models[index]?.name ?? "";
  return answers.flatMap((answer, index) => {
    const rejected = answer.trim();
    if (index === vote || chosen === "" || rejected === "" || rejected === chosen) return [];
    const { temperature, seed } = question;
    const origin = { chosenModel: name(vote), rejectedModel: name(index), temperature, seed };
    return [`${JSON.stringify({ prompt: asked, chosen, rejected, ...origin })}\n`];
  });
}

const turn = (role: string, content: string): object => ({ role, content });
