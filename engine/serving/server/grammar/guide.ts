import type { Tokenizer } from "../../../text/index.ts";
import { type Sampling, draw } from "../sampling.ts";
import { type GrammarState, begin, follow, isInText, mayEnd, mustEnd, step } from "./automaton.ts";
import type { ValueShape } from "./schema.ts";

/** The parts of a tokenizer that say what its tokens are as text. */
type Decoding = Pick<Tokenizer, "decode" | "decodeAll" | "encode" | "isAdded">;

/** The texts of a model's tokens as they come behind others, so that a space at a word's beginning shows. */
export class TokenTexts {
  private readonly tokenizer: Decoding;
  private readonly vocabularySize: number;
  private texts: readonly string[] | undefined;
  private anchor: readonly number[] | undefined;
  private groups: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(tokenizer: Decoding, vocabularySize: number) {
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
  }

  /** Of a token; empty for marks, which are no text. */
  of(id: number): string {
    return this.all()[id] ?? "";
  }

  /** Of a token, for people: marks, too. */
  shown(id: number): string {
    return this.tokenizer.isAdded(id) ? this.tokenizer.decodeAll([id]) : this.behind(id);
  }

  /** Tokens whose texts begin with each UTF-16 unit; made when first needed. */
  byFirst(): ReadonlyMap<string, readonly number[]> {
    if (this.groups !== undefined) return this.groups;
    const groups = new Map<string, number[]>();
    for (const [id, text] of this.all().entries()) {
      if (text === "") continue;
      const group = groups.get(text.charAt(0)) ?? [];
      group.push(id);
      groups.set(text.charAt(0), group);
    }
    return (this.groups = groups);
  }

  private all(): readonly string[] {
    if (this.texts !== undefined) return this.texts;
    const textOf = (id: number): string => (this.tokenizer.isAdded(id) ? "" : this.behind(id));
    return (this.texts = Array.from({ length: this.vocabularySize }, (_, id) => textOf(id)));
  }

  private behind(id: number): string {
    this.anchor ??= this.findAnchor();
    return this.tokenizer.decode([...this.anchor, id]).slice(this.tokenizer.decode(this.anchor).length);
  }

  /** A token that is text, as an unknown word is not. */
  private findAnchor(): readonly number[] {
    const candidates = [...this.tokenizer.encode("a").slice(-1), ...Array(Math.min(1000, this.vocabularySize)).keys()];
    return candidates
      .filter((id) => !this.tokenizer.isAdded(id) && /^\s*\w+$/.test(this.tokenizer.decode([id])))
      .slice(0, 1);
  }
}

/**
 * Keeps an answer to a grammar: tokens that do not fit are left out of the distribution before it is drawn from, as in
 * Willard and Louf 2023 (arXiv:2307.09702).
 */
export class Guide {
  private readonly texts: TokenTexts;
  private readonly ends: readonly number[];
  private state: GrammarState;

  constructor(shape: ValueShape, texts: TokenTexts, ends: readonly number[]) {
    this.state = begin(shape);
    this.texts = texts;
    this.ends = ends;
  }

  /** True once the answer is whole and nothing can follow. */
  get isWhole(): boolean {
    return mustEnd(this.state);
  }

  /**
   * Draws a token that fits.
   * @param logits - `[V]`.
   * @returns The token; undefined where no token of the vocabulary fits.
   * @throws {LogitsError} when the logits are not finite.
   */
  draw(logits: Float32Array, sampling: Sampling, random: { uniform(): number }): number | undefined {
    const uniform = random.uniform();
    // A draw from all that fits is one from those that fit: with the rest left out it need only be made where it does not.
    const isPlain = sampling.temperature === 0 || (sampling.topK === 0 && sampling.topP === 1);
    const first = isPlain ? draw(logits, sampling, uniform) : undefined;
    const token = first !== undefined && this.fits(first) ? first : this.drawAmong(logits, sampling, random);
    if (token !== undefined && !this.ends.includes(token)) this.state = follow(this.state, this.texts.of(token));
    return token;
  }

  private fits(token: number): boolean {
    if (this.ends.includes(token)) return mayEnd(this.state);
    const text = this.texts.of(token);
    return text !== "" && follow(this.state, text).length > 0;
  }

  private drawAmong(logits: Float32Array, sampling: Sampling, random: { uniform(): number }): number | undefined {
    const allowed = this.allowed();
    if (allowed.length === 0) return undefined;
    const masked = new Float32Array(logits.length).fill(-Infinity);
    for (const id of allowed) masked[id] = logits[id] ?? -Infinity;
    return draw(masked, sampling, random.uniform());
  }

  private allowed(): readonly number[] {
    const allowed = mayEnd(this.state) ? [...this.ends] : [];
    const inText = isInText(this.state);
    for (const [unit, ids] of this.texts.byFirst()) {
      const state = step(this.state, unit);
      if (state.length === 0) continue;
      for (const id of ids) {
        const text = this.texts.of(id);
        if ((inText && PLAIN.test(text)) || follow(state, text.slice(1)).length > 0) allowed.push(id);
      }
    }
    return allowed;
  }
}

/** Texts that fit into any string as they stand. */
const PLAIN = /^[^"\\\p{Cc}]*$/u;
