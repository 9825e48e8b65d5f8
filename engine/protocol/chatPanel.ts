import { isRecord } from "../common/dictionary.ts";

/** Most checkpoints that are talked to at a time. */
export const MOST_CHAT_MODELS = 4;

/** A checkpoint of the chat, as the panel keeps it over a reload of the window. */
export interface ChatModel {
  readonly name: string;
  readonly folder: string;
}

/** Former content of a panel, as JSON; undefined where an earlier version has written something else. */
export function readChatModels(kept: unknown): readonly ChatModel[] | undefined {
  if (!isRecord(kept) || !Array.isArray(kept["models"])) return undefined;
  const models = (kept["models"] as readonly unknown[]).flatMap((one) => {
    if (!isRecord(one) || typeof one["name"] !== "string" || typeof one["folder"] !== "string") return [];
    return [{ name: one["name"], folder: one["folder"] }];
  });
  return models.length === 0 ? undefined : models.slice(0, MOST_CHAT_MODELS);
}

/** How answers are made. */
export interface ChatSettings {
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Empty for none. */
  readonly system: string;
}

/** A prompt to all models of the panel. */
export interface ChatQuestion extends ChatSettings {
  readonly prompt: string;
}

/** A token with its log-probability, in nats. */
export interface ChatToken {
  readonly text: string;
  readonly logprob: number;
  /** The likeliest in its place, itself maybe among them. */
  readonly top: readonly { readonly text: string; readonly logprob: number }[];
}

/** Some of a model's answer. */
export interface ChatPiece {
  readonly text: string;
  readonly tokens: readonly ChatToken[];
}

/** How an answer ended: by itself, at the most tokens, or because the person stopped it. */
export type ChatEnd = "stop" | "length" | "stopped";

/** The state of the process that answers. */
export type ChatEngine =
  | { readonly state: "starting" }
  | { readonly state: "ready" }
  /** It is started again with the next prompt. */
  | { readonly state: "ended"; readonly message: string };

/** Which answer is the better one: the index of its model, or none. */
export type ChatVote = number | "tie";

/** From the page to the extension. */
export type FromChat =
  /** The script runs: only from here on are messages heard. */
  | { readonly kind: "ready" }
  | { readonly kind: "choose" }
  | { readonly kind: "restart" }
  /** Asks all models; answers bear the number. */
  | { readonly kind: "ask"; readonly ask: number; readonly question: ChatQuestion }
  | { readonly kind: "stop" }
  | {
      readonly kind: "vote";
      readonly question: ChatQuestion;
      readonly answers: readonly string[];
      readonly vote: ChatVote;
    }
  | { readonly kind: "openVotes" };

/** From the extension to the page. */
export type ToChat =
  /** The answer to "ready", and whenever other models are chosen. */
  | {
      readonly kind: "show";
      readonly models: readonly ChatModel[];
      /** Translations by the English text; empty in English. */
      readonly strings: Readonly<Record<string, string>>;
    }
  | { readonly kind: "engine"; readonly engine: ChatEngine }
  | { readonly kind: "piece"; readonly ask: number; readonly model: number; readonly piece: ChatPiece }
  | { readonly kind: "end"; readonly ask: number; readonly model: number; readonly end: ChatEnd }
  | { readonly kind: "failure"; readonly ask: number; readonly model: number; readonly message: string }
  /** A vote was saved: `pairs` preferences were added to the file, none for a tie. */
  | { readonly kind: "voted"; readonly file: string; readonly pairs: number }
  | { readonly kind: "notVoted"; readonly message: string };
