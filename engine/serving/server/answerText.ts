import type { Tokenizer } from "../../text/index.ts";

/** Stand-in for bytes that are no character, or not yet one. */
const BROKEN = "\ufffd";
/** Tokens after which a text that is still broken will not be whole any more. */
const LONGEST_CHARACTER = 8;
/** Tokens of a prompt that an answer's first depends on: spaces, and characters cut in two. */
const TAIL = 6;

/**
 * The text of an answer while its tokens come: each piece is given out once no later token can change it.
 *
 * A piece is the difference that tokens make to the text of the few before them, as the meaning of a token (a leading
 * space, a part of a character) depends on its neighbours, and the whole text would take quadratic time.
 */
export class AnswerText {
  private readonly tokenizer: Pick<Tokenizer, "decode">;
  private ids: number[];
  /** Of `ids`, how many have their text given out. */
  private given: number;

  /** `before`: tokens that the answer continues, whose text is not its own. */
  constructor(tokenizer: Pick<Tokenizer, "decode">, before: readonly number[] = []) {
    this.tokenizer = tokenizer;
    this.ids = before.slice(-TAIL);
    this.given = this.ids.length;
  }

  /** Adds a token. @returns The text that is certain now, often its own. */
  add(id: number): string {
    this.ids.push(id);
    const text = this.change();
    const isOpen = text.endsWith(BROKEN) && this.ids.length - this.given < LONGEST_CHARACTER;
    if (text === "" || isOpen) return "";
    return this.give(text);
  }

  /** The rest at the end, whole or not. */
  end(): string {
    return this.give(this.change());
  }

  private change(): string {
    const before = this.tokenizer.decode(this.ids.slice(0, this.given));
    return this.tokenizer.decode(this.ids).slice(before.length);
  }

  private give(text: string): string {
    this.ids = this.ids.slice(this.given);
    this.given = this.ids.length;
    return text;
  }
}

/** Looks for texts that end an answer, and holds back what may become one. */
export class StopTexts {
  private readonly stops: readonly string[];
  private held = "";

  constructor(stops: readonly string[]) {
    this.stops = stops;
  }

  /** @returns The text that can be shown, and true if a stop came behind it. */
  add(text: string): { readonly text: string; readonly isStopped: boolean } {
    if (this.stops.length === 0) return { text, isStopped: false };
    const all = this.held + text;
    const found = this.stops.map((stop) => all.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.held = "";
      return { text: all.slice(0, Math.min(...found)), isStopped: true };
    }
    const kept = Math.max(...this.stops.map((stop) => overlap(all, stop)));
    this.held = all.slice(all.length - kept);
    return { text: all.slice(0, all.length - kept), isStopped: false };
  }

  /** Text that was held back. */
  end(): string {
    const { held } = this;
    this.held = "";
    return held;
  }
}

/** Characters at the end of a text that a stop begins with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (stop.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}
