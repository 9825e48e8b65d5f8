import type { ChatEnd, ChatPiece, ChatQuestion, ChatToken, ChatVote, ToChat } from "../../engine/protocol/chatPanel.ts";

/** One model's answer as far as it has come. */
export interface ChatAnswer {
  readonly text: string;
  readonly tokens: readonly ChatToken[];
  readonly end: ChatEnd | undefined;
  /** Why there is no more of it. */
  readonly problem: string | undefined;
  /** Milliseconds from the first piece to the last. */
  readonly ms: number;
}

/** Fate of a vote. */
export type ChatVoting =
  | { readonly state: "saving"; readonly vote: ChatVote }
  | { readonly state: "saved"; readonly vote: ChatVote; readonly file: string; readonly pairs: number }
  | { readonly state: "failed"; readonly message: string };

/** A prompt and its answers, by model. */
export class Conversation {
  readonly ask: number;
  readonly question: ChatQuestion;
  voting: ChatVoting | undefined;
  private readonly growing: Growing[];

  constructor(ask: number, question: ChatQuestion, nModels: number) {
    this.ask = ask;
    this.question = question;
    this.growing = Array.from({ length: nModels }, () => new Growing());
  }

  get answers(): readonly ChatAnswer[] {
    return this.growing;
  }

  /** True while an answer has yet to end. */
  get isOpen(): boolean {
    return this.growing.some(({ end, problem }) => end === undefined && problem === undefined);
  }

  /** True once there are two answers or more to choose between. */
  get canVote(): boolean {
    return !this.isOpen && this.growing.filter(({ text }) => text.trim() !== "").length > 1;
  }

  /** Takes in what the extension says about this prompt. */
  hear(message: Extract<ToChat, { readonly ask: number }>, now: number): void {
    const answer = message.ask === this.ask ? this.growing[message.model] : undefined;
    if (answer === undefined) return;
    switch (message.kind) {
      case "piece":
        answer.add(message.piece, now);
        return;
      case "end":
        answer.end = message.end;
        return;
      case "failure":
        answer.problem = message.message;
        return;
    }
  }
}

class Growing implements ChatAnswer {
  text = "";
  readonly tokens: ChatToken[] = [];
  end: ChatEnd | undefined;
  problem: string | undefined;
  ms = 0;
  private began: number | undefined;

  add({ text, tokens }: ChatPiece, now: number): void {
    this.text += text;
    this.tokens.push(...tokens);
    this.began ??= now;
    this.ms = now - this.began;
  }
}
