import type { Message, Question, SftExample } from "../../protocol/conversation.ts";
import type { Tokenizer } from "../tokenizer.ts";
import type { TemplateSource } from "./source.ts";
import { ChatTemplate, ChatTemplateError } from "./template.ts";
import { type AssistantTurn, renderTurns } from "./turns.ts";
import { within } from "../within.ts";

/** Reading of a text without roles on a model with a chat template: a user's turn, or the text as it stands. */
export type PlainPrompts = "userTurn" | "asIs";
/** Turns that a model learns from. */
export type LearnedTurns = "all" | "last";

/** Choices beside what the checkpoint says. */
export interface FormatChoices {
  readonly plainPrompts?: PlainPrompts;
  /** For templates that write one: "2024-07-26". */
  readonly date?: string;
}

/** The date that templates see where none is chosen: that of Llama 3's own templates. */
export const DEFAULT_DATE = "2024-07-26";

/** Longest text of a mark, in characters. */
const LONGEST_MARK = 64;
/** Milliseconds for the tokens behind an answer, which are a few. */
const MOST_END_MS = 5000;

/** An example as token ids. */
export interface EncodedExample {
  readonly tokens: readonly number[];
  /** Tokens before the first that is learned. */
  readonly promptLength: number;
  /** 1 for tokens that are learned; absent where all after the prompt are. */
  readonly learned?: Uint8Array;
}

/**
 * How prompts and answers are put to a model: by its chat template, or as they stand where it has none.
 *
 * The same code makes what a model learns on, what it is asked, and what rewards are given for; so they agree token by
 * token.
 */
export class PromptFormat {
  readonly tokenizer: Tokenizer;
  readonly source: TemplateSource | undefined;
  private readonly choices: FormatChoices;
  private readonly namedEnds: readonly number[];
  private parsed: ChatTemplate | undefined;
  private foundEnds: readonly number[] | undefined;

  /** `namedEnds`: ids that end an answer by the checkpoint's config.json and generation_config.json. */
  constructor(
    tokenizer: Tokenizer,
    source?: TemplateSource,
    { choices = {}, namedEnds = [] }: { readonly choices?: FormatChoices; readonly namedEnds?: readonly number[] } = {},
  ) {
    this.tokenizer = tokenizer;
    this.source = source;
    this.choices = choices;
    this.namedEnds = namedEnds;
  }

  /** True if a prompt without roles becomes a user's turn. */
  get makesTurns(): boolean {
    return this.source !== undefined && this.choices.plainPrompts !== "asIs";
  }

  /**
   * Tokens of which any ends an answer, the tokenizer's own first: those of tokenizer, config.json and
   * generation_config.json, and the one that ends a turn in the template.
   */
  get ends(): readonly number[] {
    this.foundEnds ??= this.findEnds();
    return this.foundEnds;
  }

  /** @throws {ChatTemplateError} when there is none, or it cannot be used. */
  get template(): ChatTemplate {
    if (this.parsed !== undefined) return this.parsed;
    if (this.source === undefined) {
      const remedy = "give prompts as texts, or name a template in the config's chat.template";
      throw new ChatTemplateError("messages", "that they need is missing: the model has none", remedy);
    }
    const { text, where } = this.source;
    const date = new Date(`${this.choices.date ?? DEFAULT_DATE}T00:00:00Z`);
    this.parsed = new ChatTemplate(text, { where, date, specialTokens: this.tokenizer.specialTexts });
    return this.parsed;
  }

  /** A prompt as the model is asked it, as text. */
  render(question: Question): string {
    const messages = this.messagesOf(question);
    return messages === undefined ? (question as string) : this.renderOpen(messages);
  }

  private renderOpen(messages: readonly Message[]): string {
    const isOpen = messages.at(-1)?.role === "assistant";
    return this.template.render(messages, { addGenerationPrompt: !isOpen, continueFinalMessage: isOpen });
  }

  /** Token ids of a prompt that the model is to respond to. */
  encodePrompt(question: Question): number[] {
    const messages = this.messagesOf(question);
    if (messages === undefined) return this.tokenizer.encodeStart(question as string);
    return this.tokenizer.encodeRendered(this.renderOpen(messages));
  }

  /** Token ids of an example, and which of them are learned. */
  encodeExample(example: SftExample, turns: LearnedTurns = "all"): EncodedExample {
    const messages = this.conversationOf(example);
    return messages === undefined ? this.plainExample(example) : this.encodeTurns(messages, turns);
  }

  /**
   * Renders an example, to find what is wrong with it before anything is learned.
   * @throws {ChatTemplateError}
   */
  check(example: SftExample): void {
    const messages = this.conversationOf(example);
    if (messages !== undefined) renderTurns(this.template, messages, this.endTexts());
  }

  /** Token ids of a prompt and a response; with the end of its turn where the response ended by itself. */
  encodeResponse(question: Question, response: string, isEnded: boolean): readonly number[] {
    const messages = this.conversationOf({ prompt: question, response });
    if (messages === undefined) {
      const { eos } = this.tokenizer;
      return [...this.encodePrompt(question), ...this.tokenizer.encode(response), ...(isEnded ? [eos] : [])];
    }
    const { text, turns } = renderTurns(this.template, messages, this.endTexts());
    const turn = turns.at(-1);
    if (turn === undefined) throw this.template.dropsTurn();
    const end = isEnded && turn.isClosed ? turn.end : turn.contentEnd;
    const ids = this.tokenizer.encodeRendered(text.slice(0, end));
    return isEnded && !turn.isClosed ? [...ids, this.tokenizer.eos] : ids;
  }

  /**
   * Token ids of a prompt and a response as a finished conversation, all of what the template writes, as
   * `apply_chat_template` gives them; undefined for a text as it stands.
   */
  encodeConversation(question: Question, response: string): readonly number[] | undefined {
    const messages = this.conversationOf({ prompt: question, response });
    return messages && this.tokenizer.encodeRendered(this.template.render(messages));
  }

  private plainExample(example: SftExample): EncodedExample {
    const { prompt, response } = example as { readonly prompt: string; readonly response: string };
    const promptTokens = this.encodePrompt(prompt);
    const tokens = [...promptTokens, ...this.tokenizer.encode(response), this.tokenizer.eos];
    return { tokens, promptLength: promptTokens.length };
  }

  private encodeTurns(messages: readonly Message[], which: LearnedTurns): EncodedExample {
    const { text, turns } = renderTurns(this.template, messages, this.endTexts());
    const last = turns.at(-1);
    if (last === undefined) throw this.template.dropsTurn();
    // Without a mark of the template's own, an answer still has to end: by end-of-text, as one without a template does.
    const isOpen = !last.isClosed;
    const shown = isOpen ? text.slice(0, last.contentEnd) : text;
    const ids = this.tokenizer.encodeRendered(shown);
    const learned = new Uint8Array(ids.length + (isOpen ? 1 : 0));
    for (const { start, end } of this.tokensOf(shown, ids, which === "all" ? turns : [last]))
      learned.fill(1, start, end);
    if (isOpen) learned[ids.length] = 1;
    const promptLength = learned.indexOf(1);
    if (promptLength < 0) throw this.template.dropsTurn();
    return { tokens: isOpen ? [...ids, this.tokenizer.eos] : ids, promptLength, learned };
  }

  /**
   * Tokens of spans of a text. Where a token reaches over a span's edge it counts to the span, as in transformers.
   *
   * The text's pieces, encoded by themselves, nearly always give its tokens: then their counts tell. If not, the edges
   * lie where the tokens of the text up to there begin to differ from those of the whole.
   */
  private tokensOf(
    text: string,
    ids: readonly number[],
    turns: readonly AssistantTurn[],
  ): readonly { readonly start: number; readonly end: number }[] {
    const edges = [...turns.flatMap(({ start, end }) => [start, end]), text.length];
    const pieces = edges.map((edge, at) => this.tokenizer.encode(text.slice(at === 0 ? 0 : edges[at - 1], edge)));
    const joined = pieces.flat();
    const offset = ids.length - joined.length; // of a begin-of-text token that the text has not
    const isExact = offset >= 0 && joined.every((id, at) => id === ids[at + offset]);
    let count = offset;
    const counts = pieces.map(({ length }) => (count += length));
    const at = (edge: number, index: number, isEnd: boolean): number => {
      if (isExact) return counts[index] ?? ids.length;
      const before = this.tokenizer.encodeRendered(text.slice(0, edge));
      const same = before.findIndex((id, place) => id !== ids[place]);
      return same < 0 ? before.length : isEnd ? same + 1 : same;
    };
    return turns.map(({ start, end }, index) => ({
      start: at(start, 2 * index, false),
      end: at(end, 2 * index + 1, true),
    }));
  }

  /** The conversation that a question is put as; undefined for a text as it stands. */
  messagesOf(question: Question): readonly Message[] | undefined {
    if (typeof question !== "string") return question;
    return this.makesTurns && !this.isRendered(question) ? [{ role: "user", content: question }] : undefined;
  }

  /** True for a text that begins with a mark, such as begin-of-text: somebody has rendered it already. */
  private isRendered(text: string): boolean {
    const [first] = this.tokenizer.encode(text.slice(0, LONGEST_MARK));
    return first !== undefined && this.tokenizer.isAdded(first);
  }

  /** The conversation that an example is learned as; undefined for a text as it stands. */
  conversationOf(example: SftExample): readonly Message[] | undefined {
    if ("messages" in example) return example.messages;
    const messages = this.messagesOf(example.prompt);
    if (messages === undefined) return undefined;
    const open = messages.at(-1);
    if (open?.role !== "assistant") return [...messages, { role: "assistant", content: example.response }];
    return [...messages.slice(0, -1), { ...open, content: open.content + example.response }];
  }

  private endTexts(): readonly string[] {
    return this.ends.flatMap((id) => this.tokenizer.tokenOf(id) ?? []);
  }

  private findEnds(): readonly number[] {
    const turnEnd = this.source === undefined ? undefined : this.turnEnd();
    return [...new Set([this.tokenizer.eos, ...this.namedEnds, ...(turnEnd === undefined ? [] : [turnEnd])])];
  }

  /** The token that the template puts behind an answer, if it is a mark rather than text. */
  private turnEnd(): number | undefined {
    const said = "\ue200";
    try {
      const messages: Message[] = [
        { role: "user", content: "a" },
        { role: "assistant", content: said },
      ];
      const text = this.template.render(messages);
      const at = text.lastIndexOf(said);
      // Template and patterns come with a checkpoint from anywhere, and opening it must end.
      const behind = within(MOST_END_MS, () => this.tokenizer.encode(text.slice(at + 1).trimStart()));
      const [first] = at < 0 ? [] : (behind?.result ?? []);
      return first !== undefined && this.tokenizer.isAdded(first) ? first : undefined;
    } catch (error) {
      if (error instanceof ChatTemplateError) return undefined; // those who need the template hear of it
      throw error;
    }
  }
}
