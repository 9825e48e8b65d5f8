import type { Message } from "../../protocol/conversation.ts";
import { BoundedInterpreter, TemplateBoundError, boundedRange } from "./boundedInterpreter.ts";
import { type JinjaProgram, Environment, parse, tokenize } from "./jinja.ts";
import { strftime } from "./strftime.ts";

/** A chat template that cannot be used, or that refuses a conversation. */
export class ChatTemplateError extends Error {
  override readonly name = "ChatTemplateError";
  /** The template's place: a file, or a field of one. */
  readonly where: string;
  /** The message without its remedy. */
  readonly what: string;
  readonly remedy: string;
  constructor(where: string, what: string, remedy: string, options?: ErrorOptions) {
    super(`${where}: the chat template ${what}; ${remedy}`, options);
    this.where = where;
    this.what = `${where}: the chat template ${what}`;
    this.remedy = remedy;
  }
}

/** Surroundings of a template. */
export interface TemplateSurroundings {
  /** Where it stands, for messages. */
  readonly where: string;
  /** Texts of the tokenizer's special tokens by the names that templates use: `bos_token`. */
  readonly specialTokens: ReadonlyMap<string, string | readonly string[]>;
  /** The date for templates that write one; fixed, so that the same config gives the same bytes. */
  readonly date: Date;
}

/** Wishes for one rendering, as `apply_chat_template` has them. */
export interface RenderOptions {
  /** Ends with what opens an assistant's turn. */
  readonly addGenerationPrompt?: boolean;
  /** Leaves the last turn open, to be continued. */
  readonly continueFinalMessage?: boolean;
}

/** Characters of a rendered text, from `start` to before `end`. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Longest template, in characters: the longest published ones take 20,000. */
const LONGEST_TEMPLATE = 2 ** 18;
/** Longest run of white space: the parser's time grows with its square. */
const LONGEST_BLANK = 2000;
/** Opens and closes of a `{% generation %}` block; of Unicode's private use, so that no tokenizer knows them. */
const [OPENS, CLOSES] = ["\ue0f0", "\ue0f1"];
/** Stands behind a turn that is to be continued; the space tells whether the template trims it. */
const CONTINUED = "\ue0f2 ";

const OTHER_TEMPLATE = "name another template in the config's chat.template";

/**
 * A chat template in Jinja, as transformers renders it: `trim_blocks`, `lstrip_blocks`, `raise_exception`,
 * `strftime_now`, `tojson`, `{% generation %}`, `{% break %}` and `{% continue %}`. It comes with a checkpoint from
 * anywhere: it sees the conversation, the names of special tokens and a date, and its work is bounded.
 */
export class ChatTemplate {
  readonly text: string;
  readonly where: string;
  private readonly surroundings: TemplateSurroundings;
  private readonly program: JinjaProgram;
  private readonly marked: JinjaProgram | undefined;

  /** @throws {ChatTemplateError} when it is no template, or uses what chat templates cannot. */
  constructor(text: string, surroundings: TemplateSurroundings) {
    this.text = text.replaceAll(/\r\n?/g, "\n"); // as Python reads text files
    this.where = surroundings.where;
    this.surroundings = surroundings;
    if (text.length > LONGEST_TEMPLATE) throw this.error(`is longer than ${LONGEST_TEMPLATE} characters`);
    if (new RegExp(`\\s{${LONGEST_BLANK}}`).test(text)) {
      throw this.error(`has a run of more than ${LONGEST_BLANK} blanks`, "shorten it");
    }
    this.program = this.parsed(withGenerationBlocks(this.text, "", ""));
    const marked = withGenerationBlocks(this.text, OPENS, CLOSES);
    this.marked = marked.includes(OPENS) ? this.parsed(marked) : undefined;
  }

  /**
   * The text of a conversation.
   * @throws {ChatTemplateError} when the template raises, or does not come to an end.
   */
  render(
    messages: readonly Message[],
    { addGenerationPrompt = false, continueFinalMessage = false }: RenderOptions = {},
  ): string {
    if (!continueFinalMessage) return this.run(this.program, messages, addGenerationPrompt);
    const last = messages.at(-1);
    if (last === undefined) throw this.error("cannot go on with a conversation of no turns", "give one with a turn");
    const open = [...messages.slice(0, -1), { ...last, content: last.content + CONTINUED }];
    const text = this.run(this.program, open, addGenerationPrompt);
    const at = text.lastIndexOf(CONTINUED.trimEnd());
    if (at < 0) throw this.dropsTurn();
    const before = text.slice(0, at);
    return text.startsWith(CONTINUED, at) ? before : before.trimEnd();
  }

  /**
   * The parts of {@link render} that the template itself marks as an assistant's, by `{% generation %}`; undefined
   * where it marks none.
   */
  generationSpans(messages: readonly Message[]): readonly TextSpan[] | undefined {
    if (this.marked === undefined || messages.some(({ content }) => /[\ue0f0\ue0f1]/u.test(content))) return undefined;
    const text = this.run(this.marked, messages, false);
    const spans: TextSpan[] = [];
    let start: number | undefined;
    let nMarks = 0;
    for (let at = 0; at < text.length; at++) {
      if (text[at] === OPENS) start = at - nMarks++;
      if (text[at] !== CLOSES) continue;
      if (start !== undefined) spans.push({ start, end: at - nMarks });
      nMarks++;
    }
    return spans;
  }

  /** An error about this template. */
  error(what: string, remedy = OTHER_TEMPLATE, options?: ErrorOptions): ChatTemplateError {
    return new ChatTemplateError(this.where, what, remedy, options);
  }

  /** An error about a template whose rendering lacks what an assistant says. */
  dropsTurn(): ChatTemplateError {
    return this.error("drops the assistant's turn", `there is nothing to learn or to continue; ${OTHER_TEMPLATE}`);
  }

  private parsed(text: string): JinjaProgram {
    try {
      return parse(tokenize(text, { trim_blocks: true, lstrip_blocks: true }));
    } catch (cause) {
      throw this.error(`cannot be read (${reasonOf(cause)})`, `correct it, or ${OTHER_TEMPLATE}`, { cause });
    }
  }

  private run(program: JinjaProgram, messages: readonly Message[], addGenerationPrompt: boolean): string {
    const { specialTokens, date } = this.surroundings;
    const environment = new Environment();
    const given: Iterable<readonly [string, unknown]> = [
      ...["true", "True"].map((name) => [name, true] as const),
      ...["false", "False"].map((name) => [name, false] as const),
      ...["none", "None", "tools", "documents"].map((name) => [name, null] as const),
      ["range", boundedRange],
      ["strftime_now", (format: unknown) => strftime(date, String(format))],
      ["raise_exception", (message: unknown) => raise(message)],
      ...specialTokens,
      ["messages", messages],
      ["add_generation_prompt", addGenerationPrompt],
    ];
    for (const [name, value] of given) environment.set(name, value);
    try {
      return String(new BoundedInterpreter(environment, messages.length).run(program).value);
    } catch (cause) {
      throw this.failure(cause);
    }
  }

  private failure(cause: unknown): ChatTemplateError {
    if (cause instanceof RaisedError) {
      return this.error(`refuses a conversation: ${cause.message}`, "change the conversation as it asks", { cause });
    }
    if (cause instanceof TemplateBoundError) return this.error(cause.message, OTHER_TEMPLATE, { cause });
    if (cause instanceof RangeError)
      return this.error(`runs out of memory (${reasonOf(cause)})`, OTHER_TEMPLATE, { cause });
    return this.error(`fails (${reasonOf(cause)})`, OTHER_TEMPLATE, { cause });
  }
}

/** An error that a template raises by `raise_exception`. */
class RaisedError extends Error {}

function raise(message: unknown): never {
  throw new RaisedError(String(message).slice(0, 300));
}

const GENERATION = /\{%(-?)\s{0,100}(end)?generation\s{0,100}(-?)%\}/g;

/**
 * A template with each `{% generation %}` and `{% endgeneration %}` replaced by a block of the language, so that white
 * space around it is treated as around any other, and with a mark in each.
 */
function withGenerationBlocks(text: string, opens: string, closes: string): string {
  return text.replace(GENERATION, (_, left: string, end: string | undefined, right: string) => {
    const mark = end === undefined ? opens : closes;
    return `{%${left} if true %}${mark === "" ? "" : `{{ "${mark}" }}`}{% endif ${right}%}`;
  });
}

/** The package's own message, for people: bounded, on one line. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/\s+/g, " ").slice(0, 200);
}
